import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { run } from './process.ts';
import type { Recipe } from './recipe.ts';

/** Not needed to run code: manuals, translations of messages, character sets beyond UTF-8. */
const LEFT_OUT = [
  ...['doc', 'man', 'locale', 'lintian', 'bug', 'info', 'doc-base', 'applications', 'pixmaps', 'binfmts'].map(
    (folder) => `usr/share/${folder}`,
  ),
  'usr/lib/x86_64-linux-gnu/gconv',
  'usr/lib/x86_64-linux-gnu/audit',
  'var',
];

const PASSWD = [
  'root:x:0:0:root:/:/sbin/nologin',
  'capsule:x:65532:65532:capsule:/tmp:/sbin/nologin',
  'nobody:x:65534:65534:nobody:/:/sbin/nologin',
];
const GROUP = ['root:x:0:', 'capsule:x:65532:', 'nogroup:x:65534:'];

/**
 * Lays out a minimal root file system from Debian packages: no shell, no package manager, no set-uid files. Packages are
 * only unpacked; no script of theirs is run.
 */
export async function layOutRootfs(
  recipe: Pick<Recipe, 'debianPackages' | 'debianSymlinks' | 'hasNodeBinary'>,
  rootfs: string,
  packageCache: string,
): Promise<void> {
  await download(recipe.debianPackages, packageCache);
  mkdirSync(rootfs, { recursive: true });
  const archives = readdirSync(packageCache);
  for (const name of recipe.debianPackages) {
    const archive = archives.find((file) => isArchiveOf(name, file));
    if (archive === undefined) throw new Error(`apt-get download fetched no archive of ${name}`);
    await run('dpkg-deb', ['--extract', join(packageCache, archive), rootfs]);
  }
  for (const path of LEFT_OUT) rmSync(join(rootfs, path), { recursive: true, force: true });
  mergeUsr(rootfs);
  for (const folder of ['etc', 'tmp', 'proc', 'sys', 'dev', 'run', 'capsule']) {
    mkdirSync(join(rootfs, folder), { recursive: true });
  }
  chmodSync(join(rootfs, 'tmp'), 0o1777);
  writeFileSync(join(rootfs, 'etc/passwd'), `${PASSWD.join('\n')}\n`);
  writeFileSync(join(rootfs, 'etc/group'), `${GROUP.join('\n')}\n`);
  writeFileSync(join(rootfs, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  joinCertificates(rootfs);
  for (const [path, target] of Object.entries(recipe.debianSymlinks)) {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    symlinkSync(target, join(rootfs, path));
  }
  if (recipe.hasNodeBinary) {
    if (!process.version.startsWith('v24.')) throw new Error(`run this with Node 24; this is ${process.version}`);
    mkdirSync(join(rootfs, 'usr/local/bin'), { recursive: true });
    copyFileSync(process.execPath, join(rootfs, 'usr/local/bin/node'));
  }
  await dropSetUid(rootfs);
}

async function download(packages: readonly string[], packageCache: string): Promise<void> {
  mkdirSync(packageCache, { recursive: true });
  // apt fetches as its own unprivileged user.
  chmodSync(packageCache, 0o777);
  const present = readdirSync(packageCache);
  const missing = packages.filter((name) => !present.some((file) => isArchiveOf(name, file)));
  if (missing.length > 0) await run('apt-get', ['download', '-qq', ...missing], { cwd: packageCache });
}

function isArchiveOf(name: string, file: string): boolean {
  return file.startsWith(`${name}_`) && file.endsWith('.deb');
}

/** Older packages still ship /lib and /bin; on a merged-/usr system those are links. */
function mergeUsr(rootfs: string): void {
  for (const folder of ['lib', 'lib64', 'bin', 'sbin']) {
    const path = join(rootfs, folder);
    const target = join(rootfs, 'usr', folder);
    mkdirSync(target, { recursive: true });
    if (existsSync(path) && !lstatSync(path).isSymbolicLink()) {
      cpSync(path, target, { recursive: true, verbatimSymlinks: true });
      rmSync(path, { recursive: true });
    }
    if (!existsSync(path)) symlinkSync(`usr/${folder}`, path);
  }
}

/** What a script of ca-certificates would do. */
function joinCertificates(rootfs: string): void {
  const folder = join(rootfs, 'usr/share/ca-certificates/mozilla');
  if (!existsSync(folder)) return;
  const certificates = readdirSync(folder).toSorted();
  mkdirSync(join(rootfs, 'etc/ssl/certs'), { recursive: true });
  const bundle = certificates.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  writeFileSync(join(rootfs, 'etc/ssl/certs/ca-certificates.crt'), bundle);
}

async function dropSetUid(rootfs: string): Promise<void> {
  await run('find', [rootfs, '-xdev', '-type', 'f', '-perm', '/6000', '-delete']);
}
