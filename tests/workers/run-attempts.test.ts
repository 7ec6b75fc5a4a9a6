import { runDurableObjectAlarm } from 'cloudflare:test';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { HEARTBEAT_EXPIRY_MS } from '#contracts/runner';
import { OFFER_REMEMBERED_MS } from '#durable-objects/fleet/placement';
import { FRAMES_KEPT_MS } from '#durable-objects/run/lifecycle';

import { AMOUNT, crash, endOf, leaveNothing, lines, runningRun, storedRow } from './support/runs.ts';
import { Watcher } from './support/watcher.ts';
import {
  anotherRunner,
  eventually,
  GOOD_END,
  onlyRunner,
  passSeconds,
  retireRunners,
  runNamed,
  TestTenant,
  USAGE,
} from './support/world.ts';

afterEach(leaveNothing);

const HOUR_MS = 3_600_000;
const DIED = { state: 'lost', cause: 'runner_died', detail: 'the runner died', exitCode: null } as const;

/** An idempotent run that the first of two runners has accepted. */
async function runOnTheFirstOfTwo() {
  const first = await onlyRunner();
  const second = await anotherRunner({ running: 50 });
  const tenant = new TestTenant();
  const begun = await tenant.begin({}, true);
  await eventually('the first runner has the run', () => first.runner.holds(begun.runId));
  return { first, second, tenant, ...begun };
}

type KnownRunner = Awaited<ReturnType<typeof onlyRunner>>;

/** Lets the runner go silent towards everybody for as long as it takes to be given up; the others go on. */
async function goSilent({ runner }: KnownRunner, others: readonly KnownRunner[] = []): Promise<void> {
  await runner.become('unreachable');
  await passSeconds(HEARTBEAT_EXPIRY_MS / 1_000 + 3, async () => {
    for (const other of others) await other.heartbeat();
  });
}

describe('a lost run of an idempotent capsule', () => {
  test('is started once more on another runner, and its watchers see both attempts as one sequence', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { first, second, tenant, run, runId } = await runOnTheFirstOfTwo();
    const watcher = await Watcher.open(run);
    await first.runner.say(runId, [...lines(2), { kind: 'result', data: 'of the first attempt' }]);
    await watcher.until(3);
    await goSilent(first, [second]);
    await eventually('the second runner has the run', () => second.runner.holds(runId));
    await second.runner.say(runId, [...lines(1, 3), { kind: 'result', data: 'of the second attempt' }]);
    await second.runner.end(runId, GOOD_END);

    const frames = await watcher.all();
    expect(frames.map(({ kind }) => kind)).toEqual([
      'stdout',
      'stdout',
      'result',
      'attempt',
      'stdout',
      'result',
      'end',
    ]);
    expect(watcher.ids).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(frames[3]).toMatchObject({ kind: 'attempt', attempt: 2 });
    expect(await endOf(tenant)).toMatchObject({
      outcome: GOOD_END.outcome,
      output: 'of the second attempt',
      amountNanos: AMOUNT,
      attempts: 2,
      runnerId: second.runnerId,
      isolation: 'standard',
    });
    expect(await tenant.meter.summary()).toMatchObject({ runs: 1, settledNanos: AMOUNT, reservedNanos: '0' });
  });

  test('is started again at once where its runner comes back and says so; only the attempt that counts is billed', async () => {
    const { first, second, tenant, runId } = await runOnTheFirstOfTwo();
    await first.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    await eventually('the second runner has the run', () => second.runner.holds(runId));
    await second.runner.end(runId, GOOD_END);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, attempts: 2 });
    expect(await tenant.meter.summary()).toMatchObject({ runs: 1, settledNanos: AMOUNT });
    await eventually('the first runner has forgotten the run', async () => !(await first.runner.holds(runId)));
  });

  test('still has its secrets at hand, and loses them with the second start', async () => {
    const { first, second, run, runId } = await runOnTheFirstOfTwo();
    await first.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    await eventually('the second runner has the run', () => second.runner.holds(runId));
    expect(await second.runner.secretsOf(runId)).toEqual({ TOKEN: 's3cret' });
    await eventually('the secrets are gone', async () => !(await storedRow(run)).includes('test:'));
    expect(await storedRow(run)).not.toContain('s3cret');
  });

  test('that is lost again ends as lost', async () => {
    const { first, second, tenant, run, runId } = await runOnTheFirstOfTwo();
    const watcher = await Watcher.open(run);
    await first.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    await eventually('the second runner has the run', () => second.runner.holds(runId));
    await second.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    expect((await watcher.all()).map(({ kind }) => kind)).toEqual(['attempt', 'end']);
    expect(await endOf(tenant)).toMatchObject({ outcome: DIED, attempts: 2, amountNanos: AMOUNT });
  });

  test('goes on under the lease of the runner that was chosen, once; its second attempt, and a run that is not idempotent, under none', async () => {
    const { first, second, tenant, runId } = await runOnTheFirstOfTwo();
    expect(await first.runner.leaseOf(runId)).toBe(`of ${first.runnerId}`);
    const other = await tenant.begin({}, false);
    await eventually('the other run is under way', async () => first.runner.holds(other.runId));
    expect(await first.runner.leaseOf(other.runId)).toBeUndefined();
    await first.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    await eventually('the second runner has the run', () => second.runner.holds(runId));
    expect(await second.runner.leaseOf(runId)).toBeUndefined();
    await Promise.all([second.runner.end(runId, GOOD_END), first.runner.end(other.runId, GOOD_END)]);
    await eventually('both have ended', async () => (await tenant.endedRuns()).length === 2);
  });

  test('whose only runner is lost ends as lost at once: there is nobody to wait for', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const only = await onlyRunner();
    const tenant = new TestTenant();
    const { run, runId } = await tenant.begin({}, true);
    await eventually('the runner has the run', () => only.runner.holds(runId));
    const watcher = await Watcher.open(run);
    const lostAtMs = Date.now();
    await goSilent(only);
    const frames = await watcher.all();
    expect(frames.map(({ kind }) => kind)).toEqual(['attempt', 'end']);
    expect(frames.at(-1)).toMatchObject({ outcome: { state: 'lost', cause: 'runner_lost' } });
    expect((frames.at(-1)?.atMs ?? 0) - lostAtMs).toBeLessThanOrEqual(10_000);
    expect(await endOf(tenant)).toMatchObject({ attempts: 2, amountNanos: '0' });
  });

  test('for which no other runner is free ends as lost, with what was proven, and never goes back to who may hold it', async () => {
    const { runner } = await onlyRunner();
    const tenant = new TestTenant();
    const { run, runId } = await tenant.begin({}, true);
    await eventually('the runner has the run', () => runner.holds(runId));
    const watcher = await Watcher.open(run);
    await runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    expect((await watcher.all()).at(-1)).toMatchObject({ outcome: { state: 'lost', cause: DIED.cause }, usage: USAGE });
    expect(await endOf(tenant)).toMatchObject({ amountNanos: AMOUNT, attempts: 2 });
    expect((await runner.calls()).filter((call) => call === 'PUT run')).toHaveLength(1);
  });

  test('may go back to a runner that does not know it any more', async () => {
    const { runner, heartbeat } = await onlyRunner();
    const tenant = new TestTenant();
    const { runId } = await tenant.begin({}, true);
    await eventually('the runner has the run', () => runner.holds(runId));
    await runner.restart();
    await heartbeat({ lostRunIds: [runId] });
    await eventually('the runner has the run again', () => runner.holds(runId));
    await runner.end(runId, GOOD_END);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, attempts: 2 });
  });

  test('goes on with its second attempt after a crash of its object', async () => {
    const { first, second, tenant, run, runId } = await runOnTheFirstOfTwo();
    await first.runner.say(runId, lines(2));
    await first.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    await eventually('the second runner has the run', () => second.runner.holds(runId));
    await crash(run);
    await second.runner.say(runId, lines(2, 3));
    await second.runner.end(runId, GOOD_END);
    const watcher = await Watcher.open(runNamed(runId));
    const frames = await watcher.all();
    expect(frames.map(({ kind }) => kind)).toEqual(['stdout', 'stdout', 'attempt', 'stdout', 'stdout', 'end']);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, amountNanos: AMOUNT });
  });

  test('may be forgotten by the runner of its first attempt, also where that of the second is gone for good', async () => {
    const { first, second, tenant, run, runId } = await runOnTheFirstOfTwo();
    await first.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    await eventually('the second runner has the run', () => second.runner.holds(runId));
    await tenant.database.failNext(1);
    await second.runner.end(runId, GOOD_END);
    await eventually('it was tried', async () => (await tenant.database.failuresLeft()) === 0);
    await second.runner.become('unreachable');
    await runDurableObjectAlarm(run);
    await eventually('the first runner has forgotten the run', async () => !(await first.runner.holds(runId)));
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, attempts: 2 });
  });

  test('that was to be cancelled is not started again', async () => {
    const { first, second, tenant, run, runId } = await runOnTheFirstOfTwo();
    await run.cancel();
    await first.runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'lost' }, attempts: 1 });
    expect(await second.runner.calls()).toEqual([]);
  });
});

test.for(['kept', 'expired'])(
  'a runner that comes back after it was given up may forget the run, also where that is %s',
  async (how) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { runner, heartbeat, tenant, run, runId } = await runningRun();
    await runner.become('unreachable');
    await passSeconds(HEARTBEAT_EXPIRY_MS / 1_000 + 3);
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'lost', cause: 'runner_lost' } });
    vi.setSystemTime(Date.now() + (how === 'kept' ? 2 * HOUR_MS : FRAMES_KEPT_MS));
    await eventually('it is given up', async () => {
      await runDurableObjectAlarm(run);
      const row = await storedRow(run);
      return row.includes('"is_forgotten":1') && row.includes(`"is_expired":${how === 'kept' ? 0 : 1}`);
    });

    await runner.become('well');
    await runner.end(runId, { outcome: DIED, usage: USAGE, receipt: 'valid' });
    await heartbeat({ lostRunIds: [runId] });
    await eventually('the runner has forgotten the run', async () => !(await runner.holds(runId)));
    expect(await tenant.endedRuns()).toHaveLength(1);
  },
);

describe('isolation', () => {
  test('a class that no runner offers is refused at once', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await retireRunners();
    vi.setSystemTime(Date.now() + OFFER_REMEMBERED_MS);
    await anotherRunner({ isolationClasses: ['standard'] });
    const tenant = new TestTenant();
    await tenant.begin({ isolation: 'strict' });
    expect(await endOf(tenant)).toMatchObject({
      outcome: { state: 'refused', cause: 'isolation_unavailable' },
      isolation: 'strict',
      runnerId: null,
    });
    expect(await tenant.meter.summary()).toMatchObject({ reservedNanos: '0' });
  });

  test('a run goes to the runner that offers its class, however busy', async () => {
    const standard = await onlyRunner({ isolationClasses: ['standard'] });
    const strict = await anotherRunner({ isolationClasses: ['strict'], running: 90 });
    const { runId } = await new TestTenant().begin({ isolation: 'strict' });
    await eventually('the strict runner has the run', () => strict.runner.holds(runId));
    expect(await standard.runner.calls()).toEqual([]);
  });
});
