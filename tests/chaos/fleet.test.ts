import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { call } from '#cli/http';
import type { Installation } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import type { Frame } from '#contracts/frames';
import * as runsApi from '#contracts/operations/runs';
import { ReceiptClaims } from '#contracts/receipt';
import type { Run } from '#contracts/run';
import { type PartName, type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';
import { loadSecrets } from '#local/secrets';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

/** A region with two runners, of which one is stopped, killed, or cut off with its cell. */
const CELL: Cell = 'eu-west-1';
const PARTS = [`runner:${CELL}`, `runner:${CELL}:2`] as const satisfies readonly PartName[];
/** What the platform promises: a run whose runner is gone has ended, or goes on elsewhere, within this time. */
const LOST_WITHIN_MS = 10_000;

/** Prints a numbered line every 100 ms, `input.lines` times. */
const TICKER = `
export default async ({ lines }) => {
  for (let line = 1; line <= lines; line += 1) {
    console.log('line ' + line);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { lines };
};
`;

let platform: Platform;
let dataDirectory: string;
let tenant: RunningTenant;
let once: Installation;
let idempotent: Installation;
let partOf: ReadonlyMap<string, PartName>;

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-fleet-'));
  platform = await startPlatform({ dataDirectory, ports: await freePlatformPorts(), runnersPerCell: 2 });
  const { runnerIds } = (await loadSecrets(path.join(dataDirectory, 'secrets.json'))).cells[CELL];
  partOf = new Map(PARTS.map((part, index) => [runnerIds[index] ?? '', part]));
  tenant = await RunningTenant.create(platform.publicUrl, CELL);
  const resources = { timeoutMs: 60_000 };
  once = await tenant.installs('once', TICKER, { resources });
  idempotent = await tenant.installs('idempotent', TICKER, { resources, idempotent: true });
});

afterAll(async () => {
  await platform?.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

interface Watched {
  readonly runId: string;
  readonly frames: readonly Frame[];
  /** When this client saw each of them. */
  readonly seenAtMs: readonly number[];
}

/** Follows a run to its end and calls `disturb` once, when it has printed `afterLine`. */
async function watch(
  installation: Installation,
  lines: number,
  disturb?: { readonly afterLine: number; readonly by: (runId: string) => Promise<unknown> },
): Promise<Watched> {
  const frames: Frame[] = [];
  const seenAtMs: number[] = [];
  let runId = '';
  let disturbance: Promise<unknown> | undefined;
  for await (const frame of tenant.run(installation, { lines })) {
    frames.push(frame);
    seenAtMs.push(Date.now());
    runId = frame.runId;
    if (disturb && linesOf(frames).length >= disturb.afterLine) disturbance ??= disturb.by(runId);
  }
  await disturbance;
  return { runId, frames, seenAtMs };
}

function linesOf(frames: readonly Frame[]): string[] {
  const text = frames.map((frame) => (frame.kind === 'stdout' ? frame.text : '')).join('');
  return text.split('\n').filter((line) => line !== '');
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}`);
}

/** Which runner has a run, by the entry that its placement left. */
async function holderOf(runId: string): Promise<PartName> {
  const entry = await until('the placement', async () =>
    (await tenant.auditEntries('run.place')).find(({ record }) => record.target === runId),
  );
  return partNamed(entry.record.unmapped['runner']);
}

function partNamed(runnerId: unknown): PartName {
  const part = partOf.get(String(runnerId));
  if (!part) throw new Error(`${String(runnerId)} is no runner of ${CELL}`);
  return part;
}

async function ended(runId: string): Promise<Run> {
  return until(
    `the end of ${runId}`,
    () => tenant.findRun(runId),
    (run) => run.endedAt !== null,
  );
}

function claimsOf({ receipt }: Run): ReceiptClaims {
  return ReceiptClaims.parse(decodeJwt(receipt ?? ''));
}

/** Where runs go that are under way at the same time. */
async function partsOfRuns(count: number): Promise<PartName[]> {
  const watched = await Promise.all(Array.from({ length: count }, () => watch(once, 20)));
  const runs = await Promise.all(watched.map(({ runId }) => ended(runId)));
  expect(runs.map(({ state }) => state)).toEqual(runs.map(() => 'succeeded'));
  return runs.map((run) => partNamed(claimsOf(run).runnerId));
}

/** A runner is known to be ready with its next heartbeat. */
function spread(): Promise<ReadonlySet<PartName>> {
  return until(
    'runs on both runners',
    async () => new Set(await partsOfRuns(8)),
    (parts) => parts.size === PARTS.length,
  );
}

function pidOf(part: PartName): number {
  const pid = platform.pid(part);
  if (pid === undefined) throw new Error(`${part} does not run`);
  return pid;
}

/** Kills the runner that has the run, and remembers when. It stays down until it is started. */
function killing() {
  const kill = { part: PARTS[0] as PartName, atMs: 0 };
  const by = async (runId: string) => {
    kill.part = await holderOf(runId);
    kill.atMs = Date.now();
    await platform.hold(kill.part);
  };
  return { kill, by };
}

test('runs spread over the runners of a region', async () => {
  expect(await spread()).toEqual(new Set(PARTS));
});

test('a runner that is being stopped takes no new runs; the other one does', async () => {
  await platform.stopPart(PARTS[1]);
  expect(new Set(await partsOfRuns(4))).toEqual(new Set([PARTS[0]]));
  await platform.start(PARTS[1]);
});

test('a runner is killed: its run is known to be lost within ten seconds, and nothing of it is billed', async () => {
  const { kill, by } = killing();
  const { runId, frames, seenAtMs } = await watch(once, 200, { afterLine: 10, by });
  expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'lost', cause: 'runner_lost' } });
  expect((seenAtMs.at(-1) ?? 0) - kill.atMs).toBeLessThan(LOST_WITHIN_MS);
  expect(await ended(runId)).toMatchObject({ state: 'lost', amountNanos: '0', receipt: null, attempts: 1 });
  await platform.start(kill.part);
});

test('a runner is killed: an idempotent run goes on from the start on the other one, and succeeds', async () => {
  const { kill, by } = killing();
  const { runId, frames, seenAtMs } = await watch(idempotent, 60, { afterLine: 10, by });
  const again = frames.findIndex(({ kind }) => kind === 'attempt');
  expect(frames[again]).toMatchObject({ kind: 'attempt', attempt: 2 });
  expect((seenAtMs[again] ?? 0) - kill.atMs).toBeLessThan(LOST_WITHIN_MS);
  const before = linesOf(frames.slice(0, again));
  expect(before).toEqual(numbered(before.length));
  expect(before.length).toBeGreaterThanOrEqual(10);
  expect(linesOf(frames.slice(again))).toEqual(numbered(60));
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));

  const run = await ended(runId);
  expect(run).toMatchObject({ state: 'succeeded', attempts: 2, isolation: 'standard', output: { lines: 60 } });
  expect(partNamed(claimsOf(run).runnerId)).not.toBe(kill.part);
  const placements = (await tenant.auditEntries('run.place')).filter(({ record }) => record.target === runId);
  expect(new Set(placements.map(({ record }) => record.unmapped['attempt']))).toEqual(new Set([1, 2]));
  await platform.start(kill.part);
});

test('a runner hangs without a word: that is known within ten seconds too, and it is told to stop when it wakes', async () => {
  const hang = { part: PARTS[0] as PartName, atMs: 0 };
  const by = async (runId: string) => {
    hang.part = await holderOf(runId);
    hang.atMs = Date.now();
    process.kill(pidOf(hang.part), 'SIGSTOP');
  };
  const { runId, frames, seenAtMs } = await watch(idempotent, 20, { afterLine: 5, by });
  const again = frames.findIndex(({ kind }) => kind === 'attempt');
  expect((seenAtMs[again] ?? 0) - hang.atMs).toBeLessThan(LOST_WITHIN_MS);
  expect(await ended(runId)).toMatchObject({ state: 'succeeded', attempts: 2 });
  process.kill(pidOf(hang.part), 'SIGCONT');
  expect(await spread()).toEqual(new Set(PARTS));
});

test('a cell that was away itself, for longer than a runner may be silent, declares nothing lost', async () => {
  const away = async () => {
    await platform.hold(`worker:${CELL}`);
    await delay(LOST_WITHIN_MS);
    await platform.start(`worker:${CELL}`);
  };
  const { runId, frames } = await watch(once, 150, { afterLine: 5, by: away });
  expect(linesOf(frames)).toEqual(numbered(150));
  expect(await ended(runId)).toMatchObject({ state: 'succeeded', attempts: 1 });
});

test('every end names who ran it, and under which isolation', async () => {
  const { runId } = await watch(once, 1);
  const run = await ended(runId);
  const entry = await until('the audit entry of the end', async () =>
    (await tenant.auditEntries('run.end')).find(({ record }) => record.target === runId),
  );
  const { runnerId, isolation } = claimsOf(run);
  expect(entry.record.unmapped).toMatchObject({ runnerId, isolation, attempts: 1 });
});

test('after all of it, what was booked is what the receipts say', async () => {
  const { items } = await call(runsApi.list, { query: { limit: 100 } }, tenant.connection);
  const runs = await Promise.all(items.map(({ id }) => ended(id)));
  const billed = runs.filter(({ receipt }) => receipt !== null);
  const usage = await until(
    'the settlements',
    () => tenant.usage(),
    (seen) => seen.runs === billed.length && seen.reservedNanos === '0',
  );
  expect(usage.settledNanos).toBe(
    billed.reduce((sum, { amountNanos }) => sum + BigInt(amountNanos ?? 0), 0n).toString(),
  );
  const cpuUs = billed.reduce((sum, run) => sum + claimsOf(run).usage.cpuUs, 0);
  const wallMs = billed.reduce((sum, run) => sum + claimsOf(run).usage.wallMs, 0);
  expect(usage.totals).toMatchObject({ cpuUs, wallMs });
});
