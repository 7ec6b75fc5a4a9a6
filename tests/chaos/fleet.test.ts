import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Cell } from '#contracts/cells';
import type { Frame } from '#contracts/frames';
import { HEARTBEAT_EXPIRY_MS, RUN_LEASE_MS } from '#contracts/runner';
import { type PartName, type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';
import { Cable } from '#support/cable';
import { FleetRegion } from '#support/fleet-region';
import type { Followed } from '#support/region';
import { claimsOf } from '#support/run-result';
import { linesOf, numbered } from '#support/ticker';
import { until } from '#support/until';

/** Two regions with two runners each, so that two things can be lost at a time. */
const KILLED: Cell = 'eu-west-1';
const CUT_OFF: Cell = 'us-west-2';
/** The regions at the same time, what happens to each one after the other. */
const IN_ORDER = { concurrent: false };
/** What the platform promises: a run whose runner is gone has ended, or goes on elsewhere, within this time. */
const LOST_WITHIN_MS = 10_000;

let platform: Platform;
let dataDirectory: string;
let killed: FleetRegion;
let cutOff: FleetRegion;
/** Between each runner of the second region and its cell, both ways. */
const cables = new Map<PartName, readonly Cable[]>();

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-fleet-'));
  const ports = await freePlatformPorts();
  const { mtlsDoor, runner, secondRunner } = ports.cells[CUT_OFF];
  const environments = new Map<PartName, Record<string, string>>();
  for (const [name, port] of [
    [`runner:${CUT_OFF}`, runner],
    [`runner:${CUT_OFF}:2`, secondRunner],
  ] as const) {
    const [toCell, toRunner] = await Promise.all([Cable.to(mtlsDoor), Cable.to(port)]);
    cables.set(name, [toCell, toRunner]);
    environments.set(name, {
      SOMA_CELL_DOOR: `https://127.0.0.1:${toCell.port}`,
      SOMA_ENDPOINT: `https://127.0.0.1:${toRunner.port}`,
    });
  }
  const runnerEnvironment = (name: PartName) => environments.get(name) ?? {};
  platform = await startPlatform({ dataDirectory, ports, runnersPerCell: 2, runnerEnvironment });
  [killed, cutOff] = await Promise.all([FleetRegion.create(platform, KILLED), FleetRegion.create(platform, CUT_OFF)]);
});

afterAll(async () => {
  for (const cable of [...cables.values()].flat()) cable.close();
  await platform?.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

describe.concurrent('a runner', () => {
  afterEach(() => killed.reconcile());

  test('that is being stopped takes no new runs; the other one does', IN_ORDER, async () => {
    const [stopped, stays] = killed.runners;
    await platform.stopPart(stopped);
    const runs = await Promise.all([killed.ticking(killed.once), killed.ticking(killed.once)]);
    expect(await Promise.all(runs.map((run) => killed.holderOf(run)))).toEqual([stays, stays]);
    killed.letGo(stays);
    for (const run of runs) expect(await killed.ended(run)).toMatchObject({ state: 'succeeded', attempts: 1 });
    await platform.start(stopped);
  });

  test(
    'is killed: its runs have ended as lost within ten seconds, or gone on elsewhere from the start',
    IN_ORDER,
    async () => {
      const { runner, once, idempotent } = await killed.together();
      const atMs = Date.now();
      await platform.hold(runner);
      await Promise.all([expectLost(killed, once, atMs), expectBegunAgain(killed, idempotent, runner, atMs)]);
      await platform.start(runner);
    },
  );

  test(
    'hangs without a word: that is known within ten seconds too, and it stops what it had when it wakes',
    IN_ORDER,
    async () => {
      const run = await killed.ticking(killed.idempotent);
      const runner = await killed.holderOf(run);
      const atMs = Date.now();
      killed.pause(runner);
      await expectBegunAgain(killed, run, runner, atMs);
      killed.resume(runner);
      await until('the end of the first attempt', async () => (await killed.kept(run, runner)).length === 0);
    },
  );
});

describe.concurrent('a region', () => {
  afterEach(() => cutOff.reconcile());

  test('is cut off from a runner that lives: the attempt there is over before another begins', IN_ORDER, async () => {
    const { runner, once, idempotent } = await cutOff.together();
    const atMs = Date.now();
    for (const cable of cables.get(runner) ?? []) cable.cut();
    await Promise.all([expectLost(cutOff, once, atMs), expectBegunAgain(cutOff, idempotent, runner, atMs)]);

    const first = (await cutOff.kept(idempotent, runner)).at(-1);
    expect(first).toMatchObject({ kind: 'end', outcome: { state: 'lost', cause: 'runner_cut_off' } });
    expect(first?.atMs).toBeLessThan(secondAttempt(idempotent).atMs);
    // Nobody begins this one again, so it may go on.
    expect((await cutOff.kept(once, runner)).at(-1)?.kind).not.toBe('end');

    for (const cable of cables.get(runner) ?? []) cable.mend();
    const left = async () => [...(await cutOff.kept(once, runner)), ...(await cutOff.kept(idempotent, runner))];
    await until('the runner has forgotten both', left, (frames) => frames.length === 0);
  });

  test('is away for a moment: every run goes on', IN_ORDER, async () => {
    const runs = await Promise.all([cutOff.ticking(cutOff.once), cutOff.ticking(cutOff.idempotent)]);
    const atMs = Date.now();
    await platform.kill(`worker:${CUT_OFF}`);
    const before = runs.map(({ frames }) => linesOf(frames).length);
    await until('more of each', () =>
      Promise.resolve(runs.every(({ frames }, n) => linesOf(frames).length > (before[n] ?? 0))),
    );
    // A cell that takes longer to come back is away for longer than a moment.
    const mostAttempts = Date.now() - atMs < RUN_LEASE_MS / 2 ? 1 : 2;
    // Again and again: one that has begun anew on another runner is let go there.
    const lettingGo = setInterval(() => cutOff.letGo(...cutOff.runners), 500);
    const ends = Promise.all(runs.map((run) => cutOff.ended(run)));
    const [once, idempotent] = await ends.finally(() => clearInterval(lettingGo));
    expect(once).toMatchObject({ state: 'succeeded', attempts: 1 });
    expect(idempotent?.state).toBe('succeeded');
    expect(idempotent?.attempts).toBeLessThanOrEqual(mostAttempts);
  });

  test(
    'is away for longer than a runner may be silent: nothing is lost, and what may begin again does',
    IN_ORDER,
    async () => {
      const [once, idempotent] = await Promise.all([cutOff.ticking(cutOff.once), cutOff.ticking(cutOff.idempotent)]);
      // The entry of its placement is written a moment after it began.
      await cutOff.holderOf(idempotent);
      await platform.hold(`worker:${CUT_OFF}`);
      await delay(HEARTBEAT_EXPIRY_MS + 1_000);
      await platform.start(`worker:${CUT_OFF}`);
      await expectSecondPlacement(cutOff, idempotent);
      cutOff.letGo(...cutOff.runners);
      expect(await cutOff.ended(once)).toMatchObject({ state: 'succeeded', attempts: 1 });
      expect(linesOf(once.frames)).toEqual(numbered(linesOf(once.frames).length));
      expect(await cutOff.ended(idempotent)).toMatchObject({ state: 'succeeded', attempts: 2 });
      expect(secondAttempt(idempotent)).toMatchObject({ detail: expect.stringContaining('cut off') });
    },
  );
});

async function expectLost(region: FleetRegion, run: Followed, sinceMs: number): Promise<void> {
  await run.whole;
  expect(run.frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'lost', cause: 'runner_lost' } });
  expect((run.seenAtMs.at(-1) ?? 0) - sinceMs).toBeLessThan(LOST_WITHIN_MS);
  expect(await region.ended(run)).toMatchObject({ state: 'lost', amountNanos: '0', receipt: null, attempts: 1 });
}

/** Its watchers see both attempts as one sequence; the second is on the other runner, and is the one that counts. */
async function expectBegunAgain(region: FleetRegion, run: Followed, former: PartName, sinceMs: number): Promise<void> {
  const { frames } = run;
  await expectSecondPlacement(region, run);
  const again = frames.findIndex(({ kind }) => kind === 'attempt');
  expect((run.seenAtMs[again] ?? 0) - sinceMs).toBeLessThan(LOST_WITHIN_MS);
  region.letGo(region.other(former));
  const { attempts, state, output, receipt } = await region.ended(run);
  const [before, after] = [linesOf(frames.slice(0, again)), linesOf(frames.slice(again))];
  expect([before, after]).toEqual([numbered(before.length), numbered(after.length)]);
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
  expect({ attempts, state, output }).toEqual({ attempts: 2, state: 'succeeded', output: { lines: after.length } });
  expect(region.named(claimsOf(receipt).runnerId)).toBe(region.other(former));
}

async function expectSecondPlacement({ tenant }: FleetRegion, { known }: Followed): Promise<void> {
  const runId = await known;
  const attempts = async () =>
    (await tenant.auditEntries('run.place'))
      .filter(({ record }) => record.target === runId)
      .map(({ record }) => Number(record.unmapped['attempt']))
      .toSorted((a, b) => a - b);
  expect(await until('the second placement', attempts, ({ length }) => length > 1)).toEqual([1, 2]);
}

function secondAttempt({ frames }: Followed): Extract<Frame, { kind: 'attempt' }> {
  const found = frames.find((frame) => frame.kind === 'attempt');
  if (!found) throw new Error('there was no second attempt');
  return found;
}
