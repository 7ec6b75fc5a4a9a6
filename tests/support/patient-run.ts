import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { decodeJwt } from 'jose';
import { expect } from 'vitest';

import { ReceiptClaims } from '#contracts/receipt';
import type { StartRun } from '#contracts/runner';
import { verifyReceipt } from '#contracts/verify-receipt';
import { allPids, commandLineOf } from '#local/processes/proc';

import { type Answer, resultOf, type RunResult } from './run-result.ts';
import { eventually, type RunnerWorld, type RunOptions } from './runner-process.ts';

/** Runs until it is let go, so that a test decides what happens meanwhile. */
export const PATIENT = {
  'main.mjs': `import { existsSync } from 'node:fs';
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
  await eventually(async () => (await world.frames(start.runId)).some(({ kind }) => kind === 'stdout'));
  return { start, result };
}

/** Lets every patient run of this runner go. */
export function letGo(world: RunnerWorld): void {
  for (const directory of foldersIn(join(world.dataDirectory, 'sandboxes'))) {
    if (existsSync(join(directory, 'main.mjs'))) writeFileSync(join(directory, 'go'), '');
  }
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
    const warm = await warmCount(world);
    const held = {
      sandboxes: await world.containers(),
      folders: foldersIn(join(world.dataDirectory, 'sandboxes')).length,
      spools: readdirSync(join(world.dataDirectory, 'spool')),
      mounts: mountsBelow(world.dataDirectory),
    };
    const keepers = keepersOf(world);
    const bundles = foldersIn(join(world.dataDirectory, 'engine/bundles')).length;
    seen = { warm, held, keepers, bundles };
    const isOci = keepers > 0 || bundles > 0;
    return (
      held.sandboxes === warm &&
      held.folders === warm &&
      held.spools.length === 0 &&
      held.mounts.length === 0 &&
      (!isOci || (keepers === warm && bundles === warm))
    );
  };
  await eventually(isSo, 60_000).catch((error: unknown) => {
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
    const { runId } = ReceiptClaims.parse(decodeJwt(end.receipt ?? ''));
    expect(await world.acknowledge(runId, end.seq)).toBe(204);
  }
  return { refused: refused.length, ended: answers.length - refused.length };
}

export function runsUnderWay(world: RunnerWorld): Promise<number> {
  return metric(world, 'soma_runner_runs_running ');
}

export function warmCount(world: RunnerWorld): Promise<number> {
  return metric(world, 'soma_runner_warm_sandboxes{');
}

async function metric(world: RunnerWorld, prefix: string): Promise<number> {
  const { text } = await world.get('/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith(prefix));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function keepersOf(world: RunnerWorld): number {
  return allPids().filter((pid) => {
    const words = commandLineOf(pid);
    return words.includes('sandbox-keeper') && words.includes(world.dataDirectory);
  }).length;
}

function mountsBelow(directory: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`));
}

function foldersIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
}
