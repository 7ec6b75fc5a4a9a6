import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { z } from 'zod';

import { Cell } from '#contracts/cells';

import { isLocked } from './lock.ts';

/** What other programs may know of a running platform: `<data directory>/state.json`. */
export const PlatformState = z.object({
  pid: z.int(),
  startedAt: z.iso.datetime(),
  publicUrl: z.url(),
  /** `mtlsUrl` is for runners and operators, who show a certificate. */
  cells: z.record(Cell, z.object({ url: z.url(), mtlsUrl: z.url() })),
});
export type PlatformState = z.infer<typeof PlatformState>;

/** The platform that runs on this data directory, or nothing; a file left behind by a killed one does not count. */
export async function findRunningPlatform(dataDirectory: string): Promise<PlatformState | undefined> {
  if (!(await isLocked(resolve(dataDirectory)))) return undefined;
  try {
    return PlatformState.parse(JSON.parse(await readFile(stateFile(dataDirectory), 'utf8')));
  } catch {
    // It is on its way up.
    return undefined;
  }
}

export async function writeState(dataDirectory: string, state: PlatformState): Promise<void> {
  const unfinished = `${stateFile(dataDirectory)}.unfinished`;
  await writeFile(unfinished, JSON.stringify(state, undefined, 2));
  await rename(unfinished, stateFile(dataDirectory));
}

export function removeState(dataDirectory: string): Promise<void> {
  return rm(stateFile(dataDirectory), { force: true });
}

function stateFile(dataDirectory: string): string {
  return join(dataDirectory, 'state.json');
}
