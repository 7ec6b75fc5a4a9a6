import { createHash } from 'node:crypto';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where everything that takes long to make is kept, each under a name that holds the hash of what it is made from. */
export const CONFORMANCE_DATA = join(import.meta.dirname, '../../../.data/conformance');

export function hashOf(...ingredients: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const ingredient of ingredients) hash.update(ingredient).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/**
 * The folder `name-hash`, made by `make` unless it is there. A folder that was only begun never takes that name; one made
 * from other ingredients goes.
 */
export async function cached(
  name: string,
  hash: string,
  make: (directory: string) => Promise<void>,
  root = CONFORMANCE_DATA,
): Promise<string> {
  const directory = join(root, `${name}-${hash}`);
  if (await isThere(directory)) return directory;
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await make(unfinished);
  const outdated = (await readdir(root)).filter(
    (entry) => entry.startsWith(`${name}-`) && entry !== `${name}-${hash}.unfinished`,
  );
  for (const entry of outdated) await rm(join(root, entry), { recursive: true, force: true });
  await rename(unfinished, directory);
  return directory;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
