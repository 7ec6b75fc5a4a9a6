import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';

import { ensureImages } from '#runner/images/build';
import { run } from '#runner/images/process';
import { IMAGE_NAMES, imageTag } from '#runner/images/recipe';

import { cached, hashOf } from './content-cache.ts';
import { EngineOfRootfs } from './engine-of-rootfs.ts';
import { type BaseSystem, makeDisk } from './rootfs.ts';

/** What lies on the disk beside its ingredients depends on how they are put there. */
const MAKERS = ['prepared-disk.ts', 'engine-of-rootfs.ts'];

/** The system's disk with the sandbox images in its engine, loaded by that very engine. */
export async function ensurePreparedDisk(system: BaseSystem, say: (message: string) => void): Promise<string> {
  const makers = await Promise.all(MAKERS.map((name) => readFile(join(import.meta.dirname, name))));
  const hash = hashOf(system.hash, ...IMAGE_NAMES.map(imageTag), ...makers);
  const directory = await cached('prepared', hash, async (unfinished) => {
    say('loading the sandbox images');
    const rootfs = join(unfinished, 'rootfs');
    await run('cp', ['--archive', '--reflink=auto', system.rootfs, rootfs]);
    await loadImages(rootfs);
    await makeDisk(rootfs, join(unfinished, 'root.img'), '3G');
    await run('rm', ['-r', rootfs]);
  });
  return join(directory, 'root.img');
}

async function loadImages(rootfs: string): Promise<void> {
  const docker = new Dockerode();
  await ensureImages({ docker, packageCache: join(tmpdir(), 'soma-packages') });
  const engine = await EngineOfRootfs.start(rootfs);
  try {
    for (const name of IMAGE_NAMES) await engine.load(await docker.getImage(imageTag(name)).get());
  } finally {
    await engine.stop();
  }
}
