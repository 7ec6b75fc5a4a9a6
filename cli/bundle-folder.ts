import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { MANIFEST_PATH, packBundle } from '#contracts/bundle';
import { readManifest } from '#contracts/capsule-json';
import { digestOf, type Digest } from '#contracts/digest';
import { LAYER_FOLDERS, type LayerRuntime, packLayer } from '#contracts/layer';
import type { Manifest } from '#contracts/manifest';

import { Failure, UsageError } from './failure.ts';
import { ignoring } from './ignore.ts';

export interface PackedFolder {
  readonly manifest: Manifest;
  readonly bundle: Uint8Array;
  readonly digest: Digest;
  readonly files: number;
}

/** The bundle of a folder: what .capsuleignore leaves, packed so that the same files give the same bytes. */
export async function packFolder(folder: string): Promise<PackedFolder> {
  const isIgnored = ignoring((await readIfThere(join(folder, '.capsuleignore'))) ?? '');
  const files = new Map<string, Uint8Array>();
  await gather(folder, '', isIgnored, files);
  if (!files.has(MANIFEST_PATH)) {
    throw new UsageError(`${folder} has no ${MANIFEST_PATH}: name the folder of a capsule, or make one with soma init`);
  }
  const manifest = readManifest(files);
  const bundle = packBundle(files);
  return { manifest, bundle, digest: await digestOf(bundle), files: files.size };
}

export interface PackedLayer {
  readonly layer: Uint8Array;
  readonly digest: Digest;
  readonly files: number;
}

/** The layer of a folder: what an installer put into its node_modules/ or site-packages/, without what differs between machines. */
export async function packLayerFolder(folder: string, runtime: LayerRuntime): Promise<PackedLayer> {
  const files = new Map<string, Uint8Array>();
  await gather(folder, LAYER_FOLDERS[runtime], isOfThisMachine, files);
  const layer = packLayer({ runtime, files });
  return { layer, digest: await digestOf(layer), files: files.size };
}

/** Links to programs, caches, and what an installer notes for itself. */
function isOfThisMachine(path: string): boolean {
  const name = basename(path);
  return ['.bin', '__pycache__', '.package-lock.json', 'direct_url.json'].includes(name) || name.endsWith('.pyc');
}

async function gather(
  root: string,
  under: string,
  isIgnored: (path: string, isFolder: boolean) => boolean,
  files: Map<string, Uint8Array>,
): Promise<void> {
  const entries = await readdir(join(root, under), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${join(root, under)} cannot be read as a folder (${error.code})`);
  });
  for (const entry of entries) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (isIgnored(path, entry.isDirectory())) continue;
    if (entry.isDirectory()) await gather(root, path, isIgnored, files);
    else if (entry.isFile()) files.set(path, await readFile(join(root, path)));
    else
      throw new Failure(
        `${path} is neither a file nor a folder: a bundle holds no links; name it in .capsuleignore or replace it`,
      );
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
