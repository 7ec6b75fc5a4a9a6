import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Installation } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import type { Frame } from '#contracts/frames';
import { type PartName, type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

/** In one region programs are killed, in the other stores are away. */
const KILLED: Cell = 'eu-west-1';
const WITHOUT: Cell = 'us-west-2';
const OUTAGE_MS = 10_000;
/** The regions at the same time, what happens to each one after the other. */
const IN_ORDER = { concurrent: false };

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

interface Ticking {
  readonly tenant: RunningTenant;
  readonly ticker: Installation;
}
let killed: Ticking;
let without: Ticking;

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-chaos-'));
  platform = await startPlatform({ dataDirectory, ports: await freePlatformPorts() });
  [killed, without] = await Promise.all([ticking(KILLED), ticking(WITHOUT)]);
});

afterAll(async () => {
  await platform?.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

async function ticking(cell: Cell): Promise<Ticking> {
  const tenant = await RunningTenant.create(platform.publicUrl, cell);
  return { tenant, ticker: await tenant.installs('ticker', TICKER, { resources: { timeoutMs: 60_000 } }) };
}

/** Runs the ticker to its end and calls `disturb` once, when it has printed `afterLine`. */
async function runDisturbed(
  { tenant, ticker }: Ticking,
  lines: number,
  afterLine: number,
  disturb: () => Promise<unknown>,
) {
  const frames: Frame[] = [];
  let runId = '';
  let disturbance: Promise<unknown> | undefined;
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
async function expectRecordedOnce({ tenant }: Ticking, runId: string, state: string): Promise<void> {
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

interface Settled {
  readonly runs: number;
  readonly nanos: bigint;
}

async function settled({ tenant }: Ticking): Promise<Settled> {
  const usage = await tenant.usage();
  return { runs: usage.runs, nanos: BigInt(usage.settledNanos) };
}

async function expectSettledOnce(where: Ticking, before: Settled, runId: string): Promise<void> {
  await until(
    'the settlement',
    () => settled(where),
    (after) => after.runs === before.runs + 1,
  );
  const { amountNanos } = await until(
    'the amount',
    () => where.tenant.findRun(runId),
    (run) => run.amountNanos !== null,
  );
  expect((await settled(where)).nanos - before.nanos).toBe(BigInt(amountNanos ?? 'none'));
  expect((await where.tenant.usage()).reservedNanos).toBe('0');
}

describe.concurrent('during a stream', () => {
  test('workerd is killed: the client resumes and sees every line once', IN_ORDER, async () => {
    const before = await settled(killed);
    const { frames, runId } = await runDisturbed(killed, 40, 10, () => platform.kill(`worker:${KILLED}`));
    expect(linesOf(frames)).toEqual(numbered(40));
    expect(frames.map((frame) => frame.seq)).toEqual(frames.map((_, index) => index + 1));
    expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'succeeded' } });
    await expectRecordedOnce(killed, runId, 'succeeded');
    await expectSettledOnce(killed, before, runId);
  });

  test('the router is killed: the run does not notice', IN_ORDER, async () => {
    const { frames, runId } = await runDisturbed(killed, 20, 5, () => platform.kill('router'));
    expect(linesOf(frames)).toEqual(numbered(20));
    await expectRecordedOnce(killed, runId, 'succeeded');
  });

  test('the runner is killed: the run ends as lost, once, and its reservation is gone', IN_ORDER, async () => {
    const before = await settled(killed);
    const { frames, runId } = await runDisturbed(killed, 100, 10, () => platform.kill(`runner:${KILLED}`));
    expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'lost' } });
    await expectRecordedOnce(killed, runId, 'lost');
    await expectSettledOnce(killed, before, runId);
  });

  test('and after the runner has come back, the next run succeeds', IN_ORDER, async () => {
    const lastFrame = async () => (await runDisturbed(killed, 2, 99, () => Promise.resolve())).frames.at(-1);
    const end = await until('a run on the new runner', lastFrame, isSuccess);
    expect(end).toMatchObject({ kind: 'end' });
  });
});

function isSuccess(frame: Frame | undefined): boolean {
  return frame?.kind === 'end' && frame.outcome.state === 'succeeded';
}

describe.concurrent('for ten seconds during a run', () => {
  test('Postgres is down: the end is recorded when it is back', IN_ORDER, async () => {
    const before = await settled(without);
    const { frames, runId } = await runDisturbed(without, 30, 5, () => outage(`postgres:${WITHOUT}`));
    expect(linesOf(frames)).toEqual(numbered(30));
    await expectRecordedOnce(without, runId, 'succeeded');
    await expectSettledOnce(without, before, runId);
  });

  test(
    'ClickHouse and Redis are down: runs go on, and the ledger reaches ClickHouse afterwards',
    IN_ORDER,
    async () => {
      const outages = () => Promise.all([outage(`clickhouse:${WITHOUT}`), outage(`redis:${WITHOUT}`)]);
      const { frames, runId } = await runDisturbed(without, 20, 3, outages);
      expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'succeeded' } });
      await expectRecordedOnce(without, runId, 'succeeded');
      const usage = await until(
        'the flush',
        () => without.tenant.usage(),
        (seen) => seen.ledgerSeq > 0 && seen.flushedSeq === seen.ledgerSeq,
        60_000,
      );
      expect(usage.ledgerSeq).toBe(usage.runs);
    },
  );
});

test('after all of it, every entry is in the chain and the offline verifier agrees', async () => {
  for (const { tenant } of [killed, without]) {
    const pending = await until(
      'an empty queue of pending entries',
      () => tenant.publisher.owner.ask('/v1/audit/checkpoint'),
      ({ body }) => typeof body === 'object' && body !== null && 'pending' in body && body.pending === 0,
      60_000,
    );
    expect(pending.status).toBe(200);
    const { size } = await tenant.verifyAudit();
    expect(size).toBeGreaterThan(0);
  }
});
