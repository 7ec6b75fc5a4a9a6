import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { type Frame, FRAMES_RETENTION_DAYS } from '#contracts/frames';
import { newId } from '#contracts/ids';
import { NO_USAGE } from '#contracts/run';

import { AMOUNT, crash, endOf, leaveNothing, lines, numbers, runningRun, storedRow } from './support/runs.ts';
import { Watcher } from './support/watcher.ts';
import { eventually, GOOD_END, passSeconds, runNamed, USAGE } from './support/world.ts';

afterEach(leaveNothing);

async function framesFrom(run: DurableObjectStub, after?: number): Promise<Frame[]> {
  return (await Watcher.open(run, after)).all();
}

function alarmOf(run: DurableObjectStub): Promise<number | null> {
  return runInDurableObject(run, (_instance, { storage }) => storage.getAlarm());
}

describe('a stream that breaks', () => {
  test('is taken up where it broke, without a gap or a double', async () => {
    const { runner, run, runId } = await runningRun();
    const watcher = await Watcher.open(run);
    await runner.say(runId, lines(5));
    await watcher.until(5);
    await runner.cut(runId);
    await runner.say(runId, lines(5, 6));
    await watcher.until(10);
    await runner.cut(runId);
    await runner.say(runId, lines(2, 11));
    await runner.end(runId, GOOD_END);
    const frames = await watcher.all();
    expect(frames.map(({ seq }) => seq)).toEqual(numbers(13));
    expect(frames.flatMap((frame) => (frame.kind === 'stdout' ? [frame.text] : []))).toEqual(
      numbers(12).map((number) => `line ${number}`),
    );
    expect(await runner.calls()).toContain('frames after 5');
    expect(await runner.calls()).toContain('frames after 10');
  });

  test('and frames that come twice are kept once', async () => {
    const { runner, run, runId } = await runningRun();
    const watcher = await Watcher.open(run);
    await runner.say(runId, lines(4));
    await watcher.until(4);
    await runner.repeatFrames(runId, 2);
    await runner.end(runId, GOOD_END);
    await watcher.all();
    expect(watcher.ids).toEqual(numbers(5));
  });

  test('because the object crashes is resumed by the alarm', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    const before = await Watcher.open(run);
    await runner.say(runId, lines(3));
    await before.until(3);
    await crash(run);
    await runner.say(runId, lines(3, 4));
    await runner.end(runId, GOOD_END);

    const again = runNamed(runId);
    expect(await runDurableObjectAlarm(again)).toBe(true);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, amountNanos: AMOUNT });
    const after = await Watcher.open(again, 3);
    await after.all();
    expect(after.ids).toEqual([4, 5, 6, 7]);
    expect(await tenant.meter.summary()).toMatchObject({ runs: 1, settledNanos: AMOUNT, reservedNanos: '0' });
    expect((await runner.calls()).filter((call) => call === 'PUT run')).toHaveLength(1);
  });
});

describe('a runner that is lost', () => {
  test('takes its run with it once it is silent for long, and nothing is billed', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { runner, run, runId, tenant } = await runningRun();
    const watcher = await Watcher.open(run);
    await runner.say(runId, lines(2));
    await watcher.until(2);
    await runner.become('unreachable');
    await passSeconds(30);
    expect((await watcher.all()).at(-1)).toMatchObject({
      kind: 'end',
      seq: 3,
      outcome: { state: 'lost', cause: 'runner_lost' },
    });
    expect(await endOf(tenant)).toMatchObject({ amountNanos: '0', receipt: null, usage: NO_USAGE });
    expect(await tenant.meter.summary()).toMatchObject({ reservedNanos: '0', settledNanos: '0', runs: 0 });
  });

  test('and that comes back as a new process reports the run, which ends as lost', async () => {
    const { runner, runId, tenant, heartbeat } = await runningRun();
    await runner.restart();
    await heartbeat({ lostRunIds: [runId] });
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'lost' }, amountNanos: '0' });
  });

  test('and that kept the end of the run tells it, with what was used until then', async () => {
    const { runner, runId, tenant, heartbeat } = await runningRun();
    await runner.become('unreachable');
    await runner.end(runId, {
      outcome: { state: 'lost', cause: 'runner_died', detail: 'the runner died', exitCode: null },
      usage: USAGE,
      receipt: 'valid',
    });
    await runner.become('well');
    await heartbeat({ lostRunIds: [runId] });
    expect(await endOf(tenant)).toMatchObject({ outcome: { cause: 'runner_died' }, usage: USAGE, amountNanos: AMOUNT });
  });

  test('cannot end a run that another runner holds', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await run.reportLost('not mine', newId('rnr'));
    await runner.end(runId, GOOD_END);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome });
  });
});

describe('watchers', () => {
  test('fifty of them, joining at any time, all see every frame once', async () => {
    const { runner, run, runId } = await runningRun();
    const early = await Promise.all(numbers(25).map(() => Watcher.open(run)));
    await runner.say(runId, lines(200));
    const late = await Promise.all(numbers(25).map(() => Watcher.open(run)));
    await runner.say(runId, lines(200, 201));
    await runner.end(runId, GOOD_END);
    await Promise.all([...early, ...late].map((watcher) => watcher.all()));
    for (const { ids } of [...early, ...late]) expect(ids).toEqual(numbers(401));
  });

  test('one that was interrupted goes on after its Last-Event-ID', async () => {
    const { runner, run, runId } = await runningRun();
    const first = await Watcher.open(run);
    await runner.say(runId, lines(10));
    await first.until(10);
    await first.leave();
    await runner.say(runId, lines(5, 11));
    const second = await Watcher.open(run, 7);
    await runner.end(runId, GOOD_END);
    await second.all();
    expect(second.ids).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  test('one that comes after the end gets the whole history', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await runner.say(runId, lines(1_000));
    await runner.end(runId, GOOD_END);
    await endOf(tenant);
    const watcher = await Watcher.open(run);
    await watcher.all();
    expect(watcher.ids).toEqual(numbers(1_001));
  });

  test('one that comes when the frames have expired gets the end alone, and that is all that is kept', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const state = { revision: 1, entries: { key: 'what it remembered' } };
    const { runner, run, runId, tenant } = await runningRun({ input: 'what it was given', state });
    const text = 'x'.repeat(100_000);
    await runner.say(
      runId,
      numbers(20).map(() => ({ kind: 'stdout', text, encoding: 'utf8' })),
    );
    await runner.end(runId, GOOD_END);
    const { endedAtMs } = (await endOf(tenant)) ?? { endedAtMs: 0 };
    await eventually('the runner has forgotten the run', async () => !(await runner.holds(runId)));
    const dueMs = endedAtMs + FRAMES_RETENTION_DAYS * 86_400_000;
    await eventually('it waits for that day', async () => (await alarmOf(run)) === dueMs);

    vi.setSystemTime(dueMs - 1);
    await runDurableObjectAlarm(run);
    expect((await framesFrom(run)).length).toBe(21);
    expect(await alarmOf(run)).toBe(dueMs);

    vi.setSystemTime(dueMs);
    await runDurableObjectAlarm(run);
    await eventually('nothing is left to do', async () => (await alarmOf(run)) === null);
    expect(await framesFrom(run)).toMatchObject([{ kind: 'end', seq: 21, outcome: GOOD_END.outcome }]);
    await crash(run);
    expect(await framesFrom(runNamed(runId), 7)).toMatchObject([{ kind: 'end', seq: 21 }]);
    const storedBytes = await runInDurableObject(runNamed(runId), (_, { storage }) => storage.sql.databaseSize);
    expect(storedBytes).toBeLessThan(20 * text.length);
    expect(await storedRow(runNamed(runId))).not.toMatch(/what it was given|what it remembered/);
  });

  test('no more than a thousand of them; the next one may come in where one has left', async () => {
    const { runner, run, runId } = await runningRun();
    const [first, ...others] = await Promise.all(numbers(1_000).map(() => Watcher.open(run)));
    expect((await run.fetch('https://run/')).status).toBe(503);
    await first?.leave();
    await eventually('there is room again', async () => (await Watcher.open(run).catch(() => undefined)) !== undefined);
    await runner.end(runId, GOOD_END);
    await Promise.all(others.map((watcher) => watcher.all()));
    for (const { ids } of others) expect(ids).toEqual([1]);
  }, 30_000);

  test('one that has seen the end is told to stay away', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await runner.end(runId, GOOD_END);
    await endOf(tenant);
    const headers = { 'last-event-id': '1' };
    expect((await run.fetch('https://run/', { headers })).status).toBe(204);
  });

  test('one that asks for more than the run will say is let go when it ends', async () => {
    const { runner, run, runId } = await runningRun();
    const watcher = await Watcher.open(run, 1_000);
    await runner.say(runId, lines(3));
    await runner.end(runId, GOOD_END);
    expect(await watcher.all()).toEqual([]);
  });

  test('one that never reads does not hold up the others', async () => {
    const { runner, run, runId } = await runningRun();
    await run.fetch('https://run/');
    const reading = await Watcher.open(run);
    await runner.say(runId, lines(2_000));
    await runner.end(runId, GOOD_END);
    await reading.all();
    expect(reading.ids).toEqual(numbers(2_001));
  });

  test('a Last-Event-ID that is not a number is refused', async () => {
    const { run } = await runningRun();
    expect((await run.fetch('https://run/', { headers: { 'last-event-id': 'x' } })).status).toBe(400);
  });
});
