import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type Dockerode from 'dockerode';

import { type ImageName, imageTag } from '../../images/recipe.ts';
import { MOUNTED_ON } from '../sandbox-spec.ts';

/**
 * The image's root file system as a folder, shared by all sandboxes, which only read it: written out once for each
 * digest. A folder that is there is whole, as it gets its name last.
 */
export async function exportRootfs(docker: Dockerode, image: ImageName, directory: string): Promise<string> {
  const { Id } = await docker.getImage(imageTag(image)).inspect();
  const name = `${image}-${Id.replace('sha256:', '').slice(0, 16)}`;
  const rootfs = join(directory, name);
  if (existsSync(rootfs)) return rootfs;
  const work = `${rootfs}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true, mode: 0o755 });
  try {
    await extract(docker, imageTag(image), work);
  } catch (error) {
    // What is half written out may be what fills the disk.
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
  // A runtime would make the missing ones itself, in what all sandboxes share.
  for (const path of MOUNTED_ON) mkdirSync(join(work, path), { recursive: true });
  renameSync(work, rootfs);
  dropOthers(directory, image, name);
  return rootfs;
}

async function extract(docker: Dockerode, tag: string, into: string): Promise<void> {
  const container = await docker.createContainer({ Image: tag, Cmd: ['none'], NetworkDisabled: true });
  try {
    const tar = spawn('tar', ['--extract', '--numeric-owner', '--directory', into], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const exited = once(tar, 'close');
    await pipeline(await container.export(), tar.stdin);
    const [code] = await exited;
    if (code !== 0) throw new Error(`tar failed (${String(code)}) while writing out ${tag}`);
  } finally {
    await container.remove({ force: true });
  }
}

/** Of earlier images, which nothing boots from any more. */
function dropOthers(directory: string, image: ImageName, name: string): void {
  const others = readdirSync(directory).filter((found) => found.startsWith(`${image}-`) && found !== name);
  for (const other of others) rmSync(join(directory, other), { recursive: true, force: true });
}
