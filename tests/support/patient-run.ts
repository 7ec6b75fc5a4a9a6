import { expect } from 'vitest';

import type { ReceiptClaims } from '#contracts/receipt';
import type { StartRun } from '#contracts/runner';
import { verifyReceipt } from '#contracts/verify-receipt';

import { isOnlyThePool, metricIn, remainsOf, warmIn } from './remains.ts';
import { type Answer, claimsOf, resultOf, type RunResult } from './run-result.ts';
import { type RunnerWorld } from './runner-process.ts';
import type { RunOptions } from './some-run.ts';
import { letGoIn } from './ticker.ts';
import { until } from './until.ts';

/** Runs until it is let go, so that a test decides what happens meanwhile. */
export const PATIENT = {
  'main.js': `import { existsSync } from 'node:fs';
console.log('begun');
export default async () => {
  while (!existsSync('/capsule/go')) await new Promise((resolve) => setTimeout(resolve, 10));
  return 'done';
};`,
};

export interface UnderWay {
  readonly start: StartRun;
  readonly result: Promise<RunResult>;
}

/** A run that has said its first word, and waits. */
export async function patientRun(world: RunnerWorld, options: RunOptions = {}): Promise<UnderWay> {
  const start = await world.prepare(PATIENT, { ...options, resources: { timeoutMs: 120_000, ...options.resources } });
  const result = world.execute(start);
  // Whoever waits for it meets the failure; until then it is nobody's.
  result.catch(() => undefined);
  await until('output of the run', async () => (await world.frames(start.runId)).some(({ kind }) => kind === 'stdout'));
  return { start, result };
}

/** Lets every patient run of this runner go. */
export function letGo(world: RunnerWorld): void {
  letGoIn(world.dataDirectory);
}

export function cancel(world: RunnerWorld, { start }: UnderWay): Promise<unknown> {
  return world.call('POST', `/v1/runs/${start.runId}/cancel`);
}

/** What a run ended as, by a receipt that holds and by its frames alike; acknowledged, so that the runner forgets it. */
export async function settled(world: RunnerWorld, run: UnderWay): Promise<ReceiptClaims> {
  const { end } = await run.result;
  const { runId } = run.start;
  const claims = await verifyReceipt({
    jws: end.receipt ?? '',
    trustBundlePem: world.trustBundlePem,
    expected: { runId, outcome: end.outcome, usage: end.usage },
  });
  expect(await world.acknowledge(runId, end.seq)).toBe(204);
  return claims;
}

/** Waits until the machine holds of this runner what waits in its pool, and not a thing more. */
export async function untilNothingIsLeft(world: RunnerWorld): Promise<void> {
  let seen: unknown;
  const isSo = async () => {
    const warm = warmIn(await metrics(world));
    const remains = await remainsOf(world);
    seen = { warm, remains };
    return isOnlyThePool(remains, warm);
  };
  await until('nothing being left but the pool', isSo, Boolean, 60_000).catch((error: unknown) => {
    throw new Error(`something is left: ${JSON.stringify(seen)}`, { cause: error });
  });
}

export async function faults(world: RunnerWorld, what: string): Promise<number> {
  return metric(world, `soma_runner_faults_total{what="${what}"}`);
}

const QUICK = { 'main.js': 'export default () => 1;' };

/** @throws where a run does not succeed */
export async function assertServes(world: RunnerWorld): Promise<void> {
  const { outcome } = (await world.run(QUICK)).end;
  if (outcome.state !== 'succeeded') throw new Error(`a run ${outcome.state}: ${outcome.detail}`);
}

/** Runs that are over at once, more than are warm, all started together: each is answered by a refusal or with its end. */
export async function crowd(world: RunnerWorld, count: number): Promise<Answer[]> {
  const starts = await Promise.all(Array.from({ length: count }, () => world.prepare(QUICK)));
  return Promise.all(starts.map((start) => world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start))));
}

/** What was not refused has ended, once; what was refused may be tried elsewhere. Returns how many there were of each. */
export async function acknowledgeAll(
  world: RunnerWorld,
  answers: readonly Answer[],
): Promise<{ refused: number; ended: number }> {
  const refused = answers.filter(({ status }) => status !== 200);
  for (const { status } of refused) expect([429, 503]).toContain(status);
  for (const answer of answers.filter(({ status }) => status === 200)) {
    const { end } = resultOf(answer);
    const { runId } = claimsOf(end.receipt);
    expect(await world.acknowledge(runId, end.seq)).toBe(204);
  }
  return { refused: refused.length, ended: answers.length - refused.length };
}

export async function warmCount(world: RunnerWorld): Promise<number> {
  return warmIn(await metrics(world));
}

async function metric(world: RunnerWorld, prefix: string): Promise<number> {
  return metricIn(await metrics(world), prefix);
}

async function metrics(world: RunnerWorld): Promise<string> {
  return (await world.get('/metrics')).text;
}
