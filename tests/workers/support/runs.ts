import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { expect, vi } from 'vitest';

import type { FrameBody } from '#contracts/frames';
import { chargeFor } from '#contracts/pricing';
import type { StartRun } from '#contracts/runner';

import { eventually, onlyRunner, PRICED, TestTenant, USAGE } from './world.ts';

/** What a run with `USAGE` costs. */
export const AMOUNT = chargeFor(PRICED, USAGE).totalNanos.toString();

export function lines(count: number, from = 1): FrameBody[] {
  return numbers(count).map((number) => ({ kind: 'stdout', text: `line ${from + number - 1}`, encoding: 'utf8' }));
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** A run that a runner has accepted. */
export async function runningRun(change: Partial<StartRun> = {}) {
  const known = await onlyRunner();
  const tenant = new TestTenant();
  const begun = await tenant.begin(change);
  await eventually('the runner has the run', () => known.runner.holds(begun.runId));
  return { ...known, tenant, ...begun };
}

/** How the one run of a tenant ended, as the database was told. */
export async function endOf(tenant: TestTenant) {
  await eventually('the end is recorded', async () => (await tenant.endedRuns()).length > 0);
  const ended = await tenant.endedRuns();
  expect(ended).toHaveLength(1);
  return ended[0];
}

/** Kills the object as a crash does: nothing in memory survives, what is stored does. */
export async function crash(run: DurableObjectStub): Promise<void> {
  await runInDurableObject(run, (_instance, state) => state.abort('crash')).catch(() => undefined);
}

/** All that the object has written of its run, beside the frames. */
export async function storedRow(run: DurableObjectStub): Promise<string> {
  return runInDurableObject(run, (_instance, { storage }) =>
    JSON.stringify(storage.sql.exec('SELECT * FROM run').toArray()),
  );
}

/** Runs that a test leaves under way would go on until the end of the file, and hold it up. */
export async function leaveNothing(): Promise<void> {
  vi.useRealTimers();
  await abortAllDurableObjects();
}
