import { createWriteStream } from 'node:fs';
import { copyFile, constants, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import Dockerode from 'dockerode';

import { ensureImages } from '#runner/images/build';
import { IMAGE_NAMES, type ImageName, imageTag } from '#runner/images/recipe';

import { cached, hashOf } from './content-cache.ts';
import { bootGuest } from './machine.ts';
import type { BaseSystem } from './rootfs.ts';

const WITHIN_MS = 600_000;
const SECTOR_BYTES = 512;

export interface Preparation {
  readonly system: BaseSystem;
  readonly projectDisk: string;
  readonly say: (message: string) => void;
}

/** The system's disk with the sandbox images in its engine. The guest itself loads them, once: it takes the engine minutes there. */
export async function ensurePreparedDisk({ system, projectDisk, say }: Preparation): Promise<string> {
  const hash = hashOf(system.hash, ...IMAGE_NAMES.map(imageTag));
  const directory = await cached('prepared', hash, async (unfinished) => {
    say('loading the sandbox images in the guest');
    const disk = join(unfinished, 'root.img');
    await copyFile(system.disk, disk, constants.COPYFILE_FICLONE);
    const imageDisks = await saveImages(unfinished);
    const { isFinished, failure } = await bootGuest({
      system,
      disk: { path: disk, isKept: true },
      projectDisk,
      imageDisks,
      // The disks of system, project and mailbox come first.
      request: { task: 'prepare', imageDisks: imageDisks.map((_, index) => `/dev/vd${'defgh'.charAt(index)}`) },
      withinMs: WITHIN_MS,
      onLine: say,
    });
    if (!isFinished) throw new Error(`the guest could not load the images: ${failure ?? 'no reason given'}`);
    for (const path of imageDisks) await rm(path);
  });
  return join(directory, 'root.img');
}

async function saveImages(directory: string): Promise<string[]> {
  const docker = new Dockerode();
  await ensureImages({ docker, packageCache: join(tmpdir(), 'soma-packages') });
  return Promise.all(IMAGE_NAMES.map((name) => saveImage(docker, name, join(directory, `${name}.tar`))));
}

async function saveImage(docker: Dockerode, name: ImageName, path: string): Promise<string> {
  await pipeline(await docker.getImage(imageTag(name)).get(), createWriteStream(path));
  const { size } = await stat(path);
  const file = await open(path, 'r+');
  await file.truncate(Math.ceil(size / SECTOR_BYTES) * SECTOR_BYTES);
  await file.close();
  return path;
}
