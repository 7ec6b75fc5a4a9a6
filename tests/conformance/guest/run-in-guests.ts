import { glob, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { withFileLock } from '#local/machine/file-lock';

import { CONFORMANCE_DATA } from './content-cache.ts';
import { type BootDisks, bootGuest } from './machine.ts';
import { ensureProjectDisk } from './packed-project.ts';
import { ensurePreparedDisk } from './prepared-disk.ts';
import type { Answer, Suite } from './protocol.ts';
import { ensureBaseSystem } from './rootfs.ts';

/** Started in the guest as programs of their own. */
const PROGRAMS = ['runner-fleet/main.ts', 'tests/conformance/guest/inside/main.ts'];
const WITHIN_MS = 90 * 60_000;
const LOCK_WAIT_SECONDS = 1_200;

/** Tests that are run together. */
export interface GuestSuite {
  readonly environment?: Readonly<Record<string, string>>;
  /** Patterns, from the project's root. */
  readonly files: readonly string[];
  /** Of the tests' full names; without it, all of them. */
  readonly pattern?: string;
}

export interface Guest {
  readonly name: string;
  /** One after the other. */
  readonly suites: readonly GuestSuite[];
}

export interface GuestResult {
  readonly name: string;
  readonly answer: Answer;
}

/** Boots the guests, as many at once as there are processors, and lets each run the tests it is meant for. */
export async function runInGuests(
  guests: readonly Guest[],
  onLine: (line: string) => void,
): Promise<readonly GuestResult[]> {
  const suitesOf = new Map<Guest, Suite[]>();
  for (const guest of guests) suitesOf.set(guest, await Promise.all(guest.suites.map((suite) => asked(guest, suite))));
  const files = [...suitesOf.values()].flat().flatMap((suite) => suite.files);
  const disks = await prepare([...new Set(files)], onLine);
  const results: GuestResult[] = [];
  const queue = suitesOf.entries();
  const work = async () => {
    for (const [{ name }, suites] of queue) {
      const begunAt = performance.now();
      const answer = await bootGuest({
        ...disks,
        request: { suites },
        withinMs: WITHIN_MS,
        onLine: (line) => onLine(`${name} ${line}`),
      }).catch((error: unknown): Answer => ({ isFinished: false, failure: String(error), suites: [] }));
      onLine(`${name} is over after ${Math.round((performance.now() - begunAt) / 1_000)} s`);
      results.push({ name, answer });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

async function asked({ name }: Guest, { files, environment = {}, pattern }: GuestSuite): Promise<Suite> {
  const found = (await Array.fromAsync(glob([...files]))).toSorted();
  if (found.length === 0) throw new Error(`no file is called ${files.join(', ')}`);
  return { name, environment, files: found, ...(pattern === undefined ? {} : { pattern }) };
}

async function prepare(files: readonly string[], say: (line: string) => void): Promise<BootDisks> {
  await mkdir(CONFORMANCE_DATA, { recursive: true });
  return withFileLock(join(CONFORMANCE_DATA, 'lock'), LOCK_WAIT_SECONDS, async () => {
    const system = await ensureBaseSystem(say);
    const projectDisk = await ensureProjectDisk([...files, ...PROGRAMS], say);
    return { system, projectDisk, disk: await ensurePreparedDisk(system, say) };
  });
}
