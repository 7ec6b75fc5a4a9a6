import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Installation } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import type { Frame } from '#contracts/frames';
import { type PartName, type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

const CELL: Cell = 'eu-west-1';
const OUTAGE_MS = 10_000;

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
let ticker: Installation;

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-chaos-'));
  platform = await startPlatform({ dataDirectory, ports: await freePlatformPorts() });
  tenant = await RunningTenant.create(platform.publicUrl, CELL);
  ticker = await tenant.installs('ticker', TICKER, { resources: { timeoutMs: 60_000 } });
});

afterAll(async () => {
  await platform?.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

/** Runs the ticker to its end and calls `disturb` once, when it has printed `afterLine`. */
async function runDisturbed(lines: number, afterLine: number, disturb: () => Promise<void>) {
  const frames: Frame[] = [];
  let runId = '';
  let disturbance: Promise<void> | undefined;
  for await (const frame of tenant.run(ticker, { lines })) {
    frames.push(frame);
    runId = frame.runId;
    if (linesOf(frames).length >= afterLine) disturbance ??= disturb();
  }
  await disturbance;
  return { frames, runId };
}

function linesOf(frames: readonly Frame[]): string[] {
  const text = frames.map((frame) => (frame.kind === 'stdout' ? frame.text : '')).join('');
  return text.split('\n').filter((line) => line !== '');
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}`);
}

async function outage(part: PartName): Promise<void> {
  await platform.hold(part);
  await delay(OUTAGE_MS);
  await platform.start(part);
}

/** What a run's end must have left, once: its row, its settlement, its audit entry. */
async function expectRecordedOnce(runId: string, state: string): Promise<void> {
  const run = await until(
    `the row of ${runId}`,
    () => tenant.findRun(runId),
    (seen) => seen.state === state,
  );
  expect(run.endedAt).not.toBeNull();
  const entries = await until(
    'the audit entry of the end',
    () => tenant.auditEntries('run.end'),
    (items) => items.some((item) => item.record.target === runId),
  );
  expect(entries.filter((item) => item.record.target === runId)).toHaveLength(1);
}

async function settled(): Promise<{ runs: number; nanos: bigint }> {
  const usage = await tenant.usage();
  return { runs: usage.runs, nanos: BigInt(usage.settledNanos) };
}

async function expectSettledOnce(before: { runs: number; nanos: bigint }, runId: string): Promise<void> {
  await until('the settlement', settled, (after) => after.runs === before.runs + 1);
  const { amountNanos } = await until(
    'the amount',
    () => tenant.findRun(runId),
    (run) => run.amountNanos !== null,
  );
  expect((await settled()).nanos - before.nanos).toBe(BigInt(amountNanos ?? 'none'));
  expect((await tenant.usage()).reservedNanos).toBe('0');
}

test('workerd is killed during a stream: the client resumes and sees every line once', async () => {
  const before = await settled();
  const { frames, runId } = await runDisturbed(40, 10, () => platform.kill(`worker:${CELL}`));
  expect(linesOf(frames)).toEqual(numbered(40));
  expect(frames.map((frame) => frame.seq)).toEqual(frames.map((_, index) => index + 1));
  expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'succeeded' } });
  await expectRecordedOnce(runId, 'succeeded');
  await expectSettledOnce(before, runId);
});

test('the router is killed during a stream: the run does not notice', async () => {
  const { frames, runId } = await runDisturbed(30, 5, () => platform.kill('router'));
  expect(linesOf(frames)).toEqual(numbered(30));
  await expectRecordedOnce(runId, 'succeeded');
});

test('the runner is killed during a run: the run ends as lost, once, and its reservation is gone', async () => {
  const before = await settled();
  const { frames, runId } = await runDisturbed(100, 10, () => platform.kill(`runner:${CELL}`));
  expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'lost' } });
  await expectRecordedOnce(runId, 'lost');
  await expectSettledOnce(before, runId);
});

test('after the runner has come back, the next run succeeds', async () => {
  const lastFrame = async () => (await runDisturbed(2, 99, () => Promise.resolve())).frames.at(-1);
  const end = await until('a run on the new runner', lastFrame, isSuccess);
  expect(end).toMatchObject({ kind: 'end' });
});

function isSuccess(frame: Frame | undefined): boolean {
  return frame?.kind === 'end' && frame.outcome.state === 'succeeded';
}

test('Postgres is down for ten seconds during a run: the end is recorded when it is back', async () => {
  const before = await settled();
  const { frames, runId } = await runDisturbed(30, 5, () => outage(`postgres:${CELL}`));
  expect(linesOf(frames)).toEqual(numbered(30));
  await expectRecordedOnce(runId, 'succeeded');
  await expectSettledOnce(before, runId);
});

test('ClickHouse is down for ten seconds: the ledger reaches it afterwards, nothing is lost', async () => {
  const { runId } = await runDisturbed(20, 3, () => outage(`clickhouse:${CELL}`));
  await expectRecordedOnce(runId, 'succeeded');
  const usage = await until(
    'the flush',
    () => tenant.usage(),
    (seen) => seen.ledgerSeq > 0 && seen.flushedSeq === seen.ledgerSeq,
    60_000,
  );
  expect(usage.ledgerSeq).toBe(usage.runs);
});

test('Redis is down for ten seconds: runs go on', async () => {
  const { frames, runId } = await runDisturbed(20, 3, () => outage(`redis:${CELL}`));
  expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'succeeded' } });
  await expectRecordedOnce(runId, 'succeeded');
});

test('after all of it, every entry is in the chain and the offline verifier agrees', async () => {
  const pending = await until(
    'an empty queue of pending entries',
    () => tenant.publisher.owner.ask('/v1/audit/checkpoint'),
    ({ body }) => typeof body === 'object' && body !== null && 'pending' in body && body.pending === 0,
    60_000,
  );
  expect(pending.status).toBe(200);
  const { size } = await tenant.verifyAudit();
  expect(size).toBeGreaterThan(0);
});
