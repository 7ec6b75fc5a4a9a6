import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { layOutRootfs } from '#runner/images/debian';
import { run } from '#runner/images/process';
import { RECIPES } from '#runner/images/recipe';

import { cached, CONFORMANCE_DATA, hashOf } from './content-cache.ts';
import { aptGetUpdate, kernelPackage } from './debian-kernel.ts';

/** Engines, runtimes and what their programs are linked against, and the Python that tests are helped by. */
const PACKAGES = [
  ...`
  docker.io containerd runc crun runsc tar busybox-static
  libc6 libgcc-s1 libstdc++6 zlib1g libseccomp2 libsystemd0 liblzma5 liblz4-1 libzstd1 libcap2 libgcrypt20 libgpg-error0
  libdevmapper1.02.1 libudev1 libselinux1 libpcre2-8-0 libacl1 libtinfo6 libltdl7 dmsetup libyajl2 tzdata
`
    .trim()
    .split(/\s+/),
  ...RECIPES['python3.11'].debianPackages,
];
const BUSYBOX_APPLETS = [
  'sh',
  'mount',
  'umount',
  'mkdir',
  'insmod',
  'ifconfig',
  'poweroff',
  'ps',
  'cat',
  'ls',
  'dmesg',
  'nsenter',
  'sleep',
];
const ROOT_MODULES = ['overlay'];
/** In the order they are loaded: without them the kernel sees no disk. */
const DISK_MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'virtio_blk',
];
const UNUSED_PROGRAMS = ['usr/bin/docker', 'usr/bin/ctr', 'usr/bin/containerd-shim', 'usr/bin/containerd-shim-runc-v1'];
const GUEST_FILES = ['init.sh', 'initramfs-init.sh'];

export interface BaseSystem {
  readonly hash: string;
  readonly kernel: string;
  readonly initramfs: string;
  /** A folder; owners and modes in it are the guest's. */
  readonly rootfs: string;
}

/** A Debian system that boots in QEMU, made from packages as apt verifies them; no image is downloaded, no script of theirs is run. */
export async function ensureBaseSystem(say: (message: string) => void): Promise<BaseSystem> {
  const files = await Promise.all(
    [...GUEST_FILES, 'rootfs.ts'].map((name) => readFile(join(import.meta.dirname, name))),
  );
  const kernel = await kernelPackage();
  const hash = hashOf(kernel, process.version, ...PACKAGES, ...files);
  const directory = await cached('system', hash, async (unfinished) => {
    say('making a Debian system from packages');
    await makeSystem(unfinished, kernel);
  });
  return {
    hash,
    kernel: join(directory, 'vmlinuz'),
    initramfs: join(directory, 'initramfs.cpio'),
    rootfs: join(directory, 'rootfs'),
  };
}

async function makeSystem(directory: string, kernel: string): Promise<void> {
  const packageCache = join(CONFORMANCE_DATA, 'packages');
  const rootfs = join(directory, 'rootfs');
  const kernelFiles = join(directory, 'kernel');
  const recipe = {
    debianPackages: [...new Set(PACKAGES)],
    debianSymlinks: {
      ...Object.fromEntries(BUSYBOX_APPLETS.map((applet) => [`usr/bin/${applet}`, 'busybox'])),
      ...RECIPES['python3.11'].debianSymlinks,
    },
    hasNodeBinary: true,
  };
  await layOutRootfs(recipe, rootfs, packageCache).catch(async () => {
    await aptGetUpdate();
    await rm(rootfs, { recursive: true, force: true });
    await layOutRootfs(recipe, rootfs, packageCache);
  });
  await layOutRootfs(
    { ...recipe, debianPackages: [kernel], debianSymlinks: {}, hasNodeBinary: false },
    kernelFiles,
    packageCache,
  );
  await furnish(rootfs, kernelFiles);
  await copyFile(await oneFile(join(kernelFiles, 'boot'), /^vmlinuz-/), join(directory, 'vmlinuz'));
  await writeInitramfs({ directory, rootfs, kernelFiles });
  await rm(kernelFiles, { recursive: true });
}

/** crun is taken before runc wherever both are found: here is all that /usr/bin has but crun. */
export const WITHOUT_CRUN = '/opt/without-crun';

async function furnish(rootfs: string, kernelFiles: string): Promise<void> {
  for (const path of UNUSED_PROGRAMS) await rm(join(rootfs, path), { force: true });
  for (const path of ['var/lib/docker', 'soma', 'modules', 'root', 'mnt'])
    await mkdir(join(rootfs, path), { recursive: true });
  await symlink('/run', join(rootfs, 'var/run'));
  await mkdir(join(rootfs, WITHOUT_CRUN), { recursive: true });
  const programs = (await readdir(join(rootfs, 'usr/bin'))).filter((name) => name !== 'crun');
  for (const name of programs) await symlink(`/usr/bin/${name}`, join(rootfs, WITHOUT_CRUN, name));
  await copyFile(join(import.meta.dirname, 'init.sh'), join(rootfs, 'init'));
  await chmod(join(rootfs, 'init'), 0o755);
  await writeFile(join(rootfs, 'etc/hosts'), '127.0.0.1 localhost\n');
  await copyModules(kernelFiles, ROOT_MODULES, join(rootfs, 'modules'));
}

async function writeInitramfs(made: { directory: string; rootfs: string; kernelFiles: string }): Promise<void> {
  const content = join(made.directory, 'initramfs');
  for (const path of ['bin', 'modules', 'proc', 'sys', 'dev', 'root'])
    await mkdir(join(content, path), { recursive: true });
  const busybox = join(made.rootfs, 'usr/bin/busybox');
  await copyFile(busybox, join(content, 'bin/busybox'));
  await copyFile(join(import.meta.dirname, 'initramfs-init.sh'), join(content, 'init'));
  await chmod(join(content, 'init'), 0o755);
  await copyModules(made.kernelFiles, DISK_MODULES, join(content, 'modules'));
  const names = (await readdir(content, { recursive: true })).join('\n');
  const cpio = spawn(busybox, ['cpio', '-o', '-H', 'newc'], { cwd: content, stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = once(cpio, 'close');
  cpio.stdin.end(names);
  await pipeline(cpio.stdout, createWriteStream(join(made.directory, 'initramfs.cpio')));
  const [code] = await closed;
  if (code !== 0) throw new Error(`cpio failed (${String(code)})`);
  await rm(content, { recursive: true });
}

async function copyModules(kernelFiles: string, names: readonly string[], target: string): Promise<void> {
  const files = await readdir(join(kernelFiles, 'usr/lib/modules'), { recursive: true });
  for (const name of names) {
    const file = files.find((path) => path.endsWith(`/${name}.ko`));
    if (file === undefined) throw new Error(`the kernel has no module ${name}`);
    await cp(join(kernelFiles, 'usr/lib/modules', file), join(target, `${name}.ko`));
  }
}

async function oneFile(directory: string, pattern: RegExp): Promise<string> {
  const name = (await readdir(directory)).find((file) => pattern.test(file));
  if (name === undefined) throw new Error(`${directory} has no ${String(pattern)}`);
  return join(directory, name);
}

/** An ext4 image with the content of `directory`; without a journal, for nothing outlives its guest. */
export async function makeDisk(directory: string, image: string, size: string): Promise<void> {
  await run('mke2fs', [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-O',
    '^has_journal',
    '-E',
    'root_owner=0:0',
    '-d',
    directory,
    image,
    size,
  ]);
}
