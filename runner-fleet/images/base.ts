import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type Dockerode from 'dockerode';

import { layOutRootfs } from './debian.ts';
import { debianBaseTag, type Recipe } from './recipe.ts';

const REGISTRY_PROBE_URL = 'https://registry-1.docker.io/v2/';
const REGISTRY_PROBE_TIMEOUT_MS = 1_500;
const PULL_TIMEOUT_MS = 180_000;

/** Any answer counts, also 401: a registry is there. */
export async function doesRegistryAnswer(): Promise<boolean> {
  try {
    await fetch(REGISTRY_PROBE_URL, { method: 'HEAD', signal: AbortSignal.timeout(REGISTRY_PROBE_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  }
}

export async function pullBase(docker: Dockerode, recipe: Recipe): Promise<string> {
  const stream = await docker.pull(recipe.registryBase, { abortSignal: AbortSignal.timeout(PULL_TIMEOUT_MS) });
  await followProgress(docker, stream);
  return recipe.registryBase;
}

/** Makes the base from Debian packages and imports it, unless it is there; returns its name. */
export async function importDebianBase(docker: Dockerode, recipe: Recipe, packageCache: string): Promise<string> {
  const name = debianBaseTag(recipe.name);
  if (await hasImage(docker, name)) return name;
  const [repository = '', tag = ''] = name.split(':');
  const work = mkdtempSync(join(tmpdir(), 'soma-rootfs-'));
  try {
    const rootfs = join(work, 'rootfs');
    await layOutRootfs(recipe, rootfs, packageCache);
    const tar = spawn('tar', ['--create', '--numeric-owner', '--owner=0', '--group=0', '--directory', rootfs, '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(tar, 'close');
    const stream = await docker.importImage(tar.stdout, { repo: repository, tag });
    await followProgress(docker, stream);
    const [code] = await exited;
    if (code !== 0) throw new Error(`tar failed (${String(code)}) while packing the base of ${recipe.name}`);
    return name;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export async function hasImage(docker: Dockerode, tag: string): Promise<boolean> {
  try {
    await docker.getImage(tag).inspect();
    return true;
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return false;
    throw error;
  }
}

/** The engine reports failures inside a stream that ends well. */
export async function followProgress(docker: Dockerode, stream: NodeJS.ReadableStream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  docker.modem.followProgress(stream, (error: Error | null, events: unknown) => {
    const failure = Array.isArray(events) ? events.map(errorOf).find((text) => text !== undefined) : undefined;
    if (error) reject(error);
    else if (failure !== undefined) reject(new Error(failure));
    else resolve();
  });
  return promise;
}

function errorOf(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || !('error' in event)) return undefined;
  return String(event.error);
}
