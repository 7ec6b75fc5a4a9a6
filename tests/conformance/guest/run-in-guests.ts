import { glob, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { withFileLock } from '#local/machine/file-lock';

import { CONFORMANCE_DATA } from './content-cache.ts';
import { type BootDisks, bootGuest } from './machine.ts';
import { ensureProjectDisk } from './packed-project.ts';
import { ensurePreparedDisk } from './prepared-disk.ts';
import type { Answer } from './protocol.ts';
import { ensureBaseSystem } from './rootfs.ts';

/** Started in the guest as programs of their own. */
const PROGRAMS = ['runner-fleet/main.ts', 'tests/conformance/guest/inside/main.ts'];
const WITHIN_MS = 45 * 60_000;
const LOCK_WAIT_SECONDS = 1_200;

export interface GuestSuite {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Patterns, from the project's root. */
  readonly files: readonly string[];
}

export interface GuestResult {
  readonly name: string;
  readonly answer: Answer;
}

/** Runs the runner's tests once for every suite, each in a guest of its own, as many at once as there are processors. */
export async function runInGuests(
  suites: readonly GuestSuite[],
  onLine: (line: string) => void,
): Promise<readonly GuestResult[]> {
  const filesOf = new Map<GuestSuite, string[]>();
  for (const suite of suites) filesOf.set(suite, (await Array.fromAsync(glob([...suite.files]))).toSorted());
  const disks = await prepare([...filesOf.values()].flat(), onLine);
  const results: GuestResult[] = [];
  const queue = suites.entries();
  const work = async () => {
    for (const [index, suite] of queue) {
      const { name, environment } = suite;
      const answer = await bootGuest({
        ...disks,
        request: { task: 'test', suites: [{ name, files: filesOf.get(suite) ?? [], environment }] },
        withinMs: WITHIN_MS,
        onLine: (line) => onLine(`${name} ${line}`),
      }).catch((error: unknown): Answer => ({ isFinished: false, failure: String(error), suites: [] }));
      results[index] = { name, answer };
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

async function prepare(files: readonly string[], say: (line: string) => void): Promise<BootDisks> {
  await mkdir(CONFORMANCE_DATA, { recursive: true });
  return withFileLock(join(CONFORMANCE_DATA, 'lock'), LOCK_WAIT_SECONDS, async () => {
    const system = await ensureBaseSystem(say);
    const projectDisk = await ensureProjectDisk([...files, ...PROGRAMS], say);
    const disk = await ensurePreparedDisk({ system, projectDisk, say });
    return { system, projectDisk, disk: { path: disk, isKept: false } };
  });
}
