import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { OVERDUE_MS, WATCHDOG_MS } from '#durable-objects/run/lifecycle';

import type { FakeRunner } from './support/fake-runner.ts';
import { AMOUNT, endOf, leaveNothing, lines, numbers, runningRun } from './support/runs.ts';
import { Watcher } from './support/watcher.ts';
import {
  anotherRunner,
  eventually,
  fleet,
  GOOD_END,
  onlyRunner,
  PRICED,
  retireRunners,
  TestTenant,
} from './support/world.ts';

const HOURS_MS = 4 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(leaveNothing);

function setClock(byMs: number): void {
  vi.setSystemTime(Date.now() + byMs);
}

/** The runner has a clock of its own. */
async function setCellClock(runner: DurableObjectStub<FakeRunner>, byMs: number): Promise<void> {
  await runner.keepTime(-byMs);
  setClock(byMs);
}

function alarmOf(run: DurableObjectStub): Promise<number | null> {
  return runInDurableObject(run, (_instance, { storage }) => storage.getAlarm());
}

describe.each([
  ['forwards', HOURS_MS],
  ['back', -HOURS_MS],
])('the clock of the cell is set %s by hours', (_which, byMs) => {
  test('while a run is under way: it goes on, and its receipt is billed', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    const watcher = await Watcher.open(run);
    await runner.say(runId, lines(2));
    await watcher.until(2);
    await runDurableObjectAlarm(run);
    await setCellClock(runner, byMs);
    for (let time = 0; time < 3; time += 1) await runDurableObjectAlarm(run);
    await runner.say(runId, lines(2, 3));
    await watcher.until(4);
    await runner.end(runId, GOOD_END);
    expect((await watcher.all()).at(-1)).toMatchObject({ kind: 'end', outcome: GOOD_END.outcome });
    expect(await runner.calls()).not.toContain('cancel');
    expect(await endOf(tenant)).toMatchObject({ amountNanos: AMOUNT });
  });

  test('while a runner cannot be reached for a moment: its run is taken up again', async () => {
    const { runner, run, runId, tenant, heartbeat } = await runningRun();
    await runner.say(runId, lines(2));
    await (await Watcher.open(run)).until(2);
    await runner.become('unreachable');
    await eventually('it is asked in vain', async () => (await runner.timesAskedInVain()) > 0);
    await setCellClock(runner, byMs);
    const asked = await runner.timesAskedInVain();
    await eventually('it is asked again', async () => (await runner.timesAskedInVain()) > asked);
    await heartbeat();
    await runner.become('well');
    await runner.end(runId, GOOD_END);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, amountNanos: AMOUNT });
  });

  test('while a run waits for a runner: it waits on', async () => {
    await retireRunners();
    const tenant = new TestTenant();
    const { run, runId } = await tenant.begin();
    const watcher = await Watcher.open(run);
    await eventually('the budget is reserved', async () => (await tenant.meter.summary()).reservedNanos !== '0');
    setClock(byMs);
    await runDurableObjectAlarm(run);
    const { runner } = await anotherRunner();
    await runner.keepTime(-byMs);
    await eventually('the runner has the run', () => runner.holds(runId));
    await runner.end(runId, GOOD_END);
    expect((await watcher.all()).at(-1)).toMatchObject({ outcome: GOOD_END.outcome });
  });

  test('no runner is silent for that', async () => {
    const { runnerId } = await onlyRunner();
    const { silentMs } = await fleet().find(runnerId);
    setClock(byMs);
    expect((await fleet().find(runnerId)).silentMs - silentMs).toBeLessThanOrEqual(3_000);
  });
});

test('a runner that falls silent once the clock was set back is found out all the same', async () => {
  const { runnerId, heartbeat } = await onlyRunner();
  setClock(-HOURS_MS);
  await heartbeat();
  for (let second = 0; second < 9; second += 1) {
    setClock(1_000);
    await fleet().find(runnerId);
  }
  expect(await fleet().find(runnerId)).toMatchObject({ silentMs: 9_000 });
});

test('an alarm that a clock set back has put far off is brought back by whoever comes', async () => {
  // Back to the time that alarms go by, which cannot be faked.
  setClock(2 * HOURS_MS);
  const { runner, run, runId, tenant } = await runningRun();
  await setCellClock(runner, -HOURS_MS);
  expect(await alarmOf(run)).toBeGreaterThan(Date.now() + WATCHDOG_MS);
  const watcher = await Watcher.open(run);
  expect(await alarmOf(run)).toBeLessThanOrEqual(Date.now() + WATCHDOG_MS);

  await tenant.database.failNext(1);
  await runner.end(runId, GOOD_END);
  await watcher.all();
  await eventually('it failed', async () => (await tenant.database.failuresLeft()) === 0);
  setClock(-HOURS_MS);
  await Watcher.open(run);
  expect(await endOf(tenant)).toMatchObject({ amountNanos: AMOUNT });
});

test('a run that outstays its time is told to end first, and is given up only long after', async () => {
  const { runner, run, tenant } = await runningRun();
  const lateAtMs = Date.now() + PRICED.resources.timeoutMs + OVERDUE_MS;
  while (!(await runner.calls()).includes('cancel')) {
    setClock(WATCHDOG_MS);
    await runDurableObjectAlarm(run);
  }
  expect(Date.now()).toBeGreaterThanOrEqual(lateAtMs);
  expect(await tenant.endedRuns()).toEqual([]);
  while ((await tenant.endedRuns()).length === 0) {
    setClock(WATCHDOG_MS);
    await runDurableObjectAlarm(run);
    await scheduler.wait(20);
  }
  expect(Date.now()).toBeGreaterThanOrEqual(lateAtMs + OVERDUE_MS);
  expect(await endOf(tenant)).toMatchObject({
    outcome: { state: 'lost', cause: 'runner_lost' },
    amountNanos: '0',
  });
});

test('a clock that stands still does not keep a runner from hearing what is kept', async () => {
  const { runner, runId } = await runningRun();
  await runner.say(runId, lines(1));
  await eventually('it is acknowledged', async () => (await runner.calls()).includes('ack 1'));
  const text = 'x'.repeat(900_000);
  await runner.say(
    runId,
    numbers(10).map(() => ({ kind: 'stdout', text, encoding: 'utf8' })),
  );
  const acknowledged = async () => (await runner.calls()).filter((call) => call.startsWith('ack'));
  await eventually('more is acknowledged', async () => (await acknowledged()).length > 1);
  expect((await acknowledged()).slice(0, 1)).toEqual(['ack 1']);
});
