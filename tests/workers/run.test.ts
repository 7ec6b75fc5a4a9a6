import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { type Digest, digestOf } from '#contracts/digest';
import { NO_USAGE } from '#contracts/run';

import type { ReceiptKind } from './support/fake-runner.ts';
import { AMOUNT, crash, endOf, leaveNothing, lines, numbers, runningRun, storedRow } from './support/runs.ts';
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

/** Something of these bytes in this region's storage; the runner of these tests looks at digests only. */
async function stored(text: string): Promise<Digest> {
  const digest = await digestOf(new TextEncoder().encode(text));
  await env.BLOBS.put(`bundles/${digest}`, text);
  return digest;
}

describe('a run', () => {
  test('is reserved, started, streamed, settled, recorded and forgotten', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    const watcher = await Watcher.open(run);
    expect((await tenant.meter.summary()).reservedNanos).not.toBe('0');

    await eventually('the start is told', async () => (await tenant.database.startedRuns()).includes(runId));

    await runner.say(runId, [
      { kind: 'stdout', text: 'hello', encoding: 'utf8' },
      { kind: 'event', name: 'progress', data: { fraction: 0.5 } },
      { kind: 'usage', usage: USAGE },
      { kind: 'result', data: { answer: 42 } },
    ]);
    await runner.end(runId, GOOD_END);

    const frames = await watcher.all();
    expect(frames.map(({ kind }) => kind)).toEqual(['stdout', 'event', 'usage', 'result', 'end']);
    expect(watcher.ids).toEqual(numbers(5));
    expect(await tenant.endedRuns()).toMatchObject([
      { runId, outcome: GOOD_END.outcome, usage: USAGE, amountNanos: AMOUNT, output: { answer: 42 } },
    ]);
    expect(await tenant.meter.summary()).toMatchObject({
      settledNanos: AMOUNT,
      reservedNanos: '0',
      runs: 1,
      ledgerSeq: 1,
    });
    await eventually('the runner has forgotten the run', async () => !(await runner.holds(runId)));
    expect((await runner.calls()).filter((call) => call === 'PUT run')).toHaveLength(1);
  });

  test('is settled and recorded whatever its capsule calls a meter', async () => {
    const { runner, runId, tenant } = await runningRun();
    const usage = { ...USAGE, meters: { constructor: 3 } };
    await runner.end(runId, { ...GOOD_END, usage });
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, usage });
    expect(await tenant.meter.summary()).toMatchObject({ reservedNanos: '0', totals: { meters: { constructor: 3 } } });
  });

  test('that is begun twice runs once', async () => {
    const { runner, run, request } = await runningRun();
    await run.begin(request);
    expect((await runner.calls()).filter((call) => call === 'PUT run')).toHaveLength(1);
  });

  test('brings the bundle to a runner that lacks it', async () => {
    const { runner } = await onlyRunner();
    await runner.wantBundles();
    const tenant = new TestTenant();
    const request = await tenant.beginning();
    await env.BLOBS.put(`bundles/${request.start.digest}`, 'a bundle');
    await runNamed(request.start.runId).begin(request);
    await eventually('the runner has the run', () => runner.holds(request.start.runId));
    expect(await runner.calls()).toEqual(['PUT run', 'PUT bundle', 'PUT run']);
  });

  test('brings the layers that a runner lacks, and only those', async () => {
    const { runner } = await onlyRunner();
    await runner.wantBundles();
    const digest = await stored('a bundle with layers');
    const [first, second] = [await stored('layer one'), await stored('layer two')];
    const earlier = await new TestTenant().begin({ digest: await stored('another bundle'), layers: [first] });
    await eventually('the runner has the first run', () => runner.holds(earlier.runId));
    const { runId } = await new TestTenant().begin({ digest, layers: [first, second] });
    await eventually('the runner has the second run', () => runner.holds(runId));
    expect((await runner.calls()).slice(-4)).toEqual(['PUT run', 'PUT layer', 'PUT bundle', 'PUT run']);
  });

  test('whose bundle this region does not have is refused', async () => {
    const { runner } = await onlyRunner();
    await runner.wantBundles();
    const tenant = new TestTenant();
    await tenant.begin({ digest: await digestOf(new TextEncoder().encode('never uploaded')) });
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'refused', cause: 'runner_rejected' } });
  });

  test('keeps its secrets sealed, and only until a runner has them', async () => {
    const tenant = new TestTenant();
    await retireRunners();
    const { run, runId, request } = await tenant.begin();
    const waiting = await storedRow(run);
    expect([waiting.includes('s3cret'), waiting.includes(request.secrets['TOKEN'] ?? '-')]).toEqual([false, true]);

    const { runner } = await onlyRunner();
    await eventually('the runner has the run', () => runner.holds(runId));
    expect(await runner.secretsOf(runId)).toEqual({ TOKEN: 's3cret' });
    await eventually('they are gone', async () => !(await storedRow(run)).includes('test:'));
    expect(await storedRow(run)).not.toContain('s3cret');
  });

  test('does not start with a secret that was sealed for another installation', async () => {
    const { runner } = await onlyRunner();
    const tenant = new TestTenant();
    const [mine, other] = [await tenant.beginning(), await tenant.beginning()];
    await runNamed(mine.start.runId).begin({ ...mine, secrets: other.secrets });
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'refused', cause: 'secret_unreadable' } });
    expect(await runner.calls()).toEqual([]);
  });
});

describe('placing a run', () => {
  test('a runner that is full is passed over', async () => {
    const full = await onlyRunner();
    await full.runner.become('full');
    const other = await anotherRunner({ running: 50 });
    const { runId } = await new TestTenant().begin();
    await eventually('the other runner has the run', () => other.runner.holds(runId));
    expect(await full.runner.calls()).toEqual(['PUT run']);
  });

  test('a run for which no runner has a place is refused once it has waited, and its reservation is given back', async () => {
    await retireRunners();
    const tenant = new TestTenant();
    vi.useFakeTimers({ toFake: ['Date'] });
    const { run } = await tenant.begin();
    const watcher = await Watcher.open(run);
    await eventually('the budget is reserved', async () => (await tenant.meter.summary()).reservedNanos !== '0');
    await passSeconds(60);
    expect(await watcher.all()).toMatchObject([{ kind: 'end', outcome: { state: 'refused', cause: 'no_capacity' } }]);
    expect(await tenant.meter.summary()).toMatchObject({ reservedNanos: '0', settledNanos: '0', ledgerSeq: 0 });
  });

  test('a run that only full runners were there for says when they expect to have room', async () => {
    const { runner } = await onlyRunner();
    await runner.become('full');
    vi.useFakeTimers({ toFake: ['Date'] });
    const tenant = new TestTenant();
    const { run } = await tenant.begin();
    const watcher = await Watcher.open(run);
    await eventually('it was asked', async () => (await runner.calls()).includes('PUT run'));
    await passSeconds(60);
    const outcome = { state: 'refused', cause: 'no_capacity', retryAfterS: 7 };
    expect(await watcher.all()).toMatchObject([{ kind: 'end', outcome }]);
  });

  test('a run beyond the budget is refused before any runner hears of it', async () => {
    const { runner } = await onlyRunner();
    const tenant = new TestTenant();
    tenant.limitNanos = 1n;
    await tenant.begin();
    expect(await endOf(tenant)).toMatchObject({
      outcome: { state: 'refused', cause: 'budget_exhausted' },
      amountNanos: '0',
      receipt: null,
    });
    expect(await runner.calls()).toEqual([]);
  });

  test('a run that a runner will not take is refused with its reason', async () => {
    const { runner } = await onlyRunner();
    await runner.become('refusing');
    const tenant = new TestTenant();
    await tenant.begin();
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'refused', cause: 'runner_rejected' } });
  });

  test('where the runner’s answer was lost, the run that started there is found and not started again', async () => {
    const { runner } = await onlyRunner();
    const other = await anotherRunner({ running: 50 });
    await runner.become('answer-lost');
    const tenant = new TestTenant();
    const { run, runId } = await tenant.begin();
    const watcher = await Watcher.open(run);
    await eventually('the runner was asked again', async () => (await runner.calls()).includes('frames after 0'));
    await runner.say(runId, lines(2));
    await runner.end(runId, GOOD_END);
    expect(await watcher.all()).toHaveLength(3);
    expect((await runner.calls()).filter((call) => call === 'PUT run')).toHaveLength(1);
    expect(await other.runner.calls()).toEqual([]);
  });
});

describe('a receipt', () => {
  test.each<ReceiptKind>(['stranger', 'altered', 'of-another-run', 'none'])(
    'that does not hold (%s) fails the run, and nothing is billed',
    async (receipt) => {
      const { runner, run, runId, tenant } = await runningRun();
      const watcher = await Watcher.open(run);
      await runner.say(runId, [{ kind: 'result', data: 'done' }]);
      await runner.end(runId, { ...GOOD_END, receipt });
      const end = (await watcher.all()).at(-1);
      expect(end).toMatchObject({
        kind: 'end',
        outcome: { state: 'failed', cause: 'receipt_invalid' },
        usage: NO_USAGE,
      });
      expect(end).not.toHaveProperty('receipt');
      expect(await endOf(tenant)).toMatchObject({ amountNanos: '0', receipt: null, output: null });
      expect(await tenant.meter.summary()).toMatchObject({ reservedNanos: '0', settledNanos: '0', ledgerSeq: 0 });
      await eventually('the runner has forgotten the run', async () => !(await runner.holds(runId)));
    },
  );

  test('of a usage that no run with these resources can have had fails the run, and nothing is billed', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    const watcher = await Watcher.open(run);
    const usage = { ...USAGE, memoryByteSeconds: 10 ** 9 };
    await runner.end(runId, { ...GOOD_END, usage });
    expect((await watcher.all()).at(-1)).toMatchObject({
      outcome: { cause: 'receipt_invalid', detail: expect.stringContaining('byte-seconds') },
    });
    expect(await endOf(tenant)).toMatchObject({ amountNanos: '0', receipt: null });
  });
});

describe('the end of a run', () => {
  test('is recorded once the database is back, and shown to watchers meanwhile', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await tenant.database.failNext(2);
    const watcher = await Watcher.open(run);
    await runner.end(runId, GOOD_END);
    await watcher.all();
    expect(await tenant.endedRuns()).toEqual([]);
    await runDurableObjectAlarm(run);
    await runDurableObjectAlarm(run);
    expect(await endOf(tenant)).toMatchObject({ runId });
    expect(await tenant.meter.summary()).toMatchObject({ runs: 1, settledNanos: AMOUNT });
  });

  test('is not held back for long by a database that does not answer', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await tenant.database.hang();
    const watcher = await Watcher.open(run);
    await runner.end(runId, GOOD_END);
    expect(await watcher.all()).toMatchObject([{ kind: 'end', outcome: GOOD_END.outcome }]);
    expect(await tenant.endedRuns()).toEqual([]);
  });

  test('is told to its runner where that is now, and its files are fetched from there', async () => {
    const { runner, heartbeat, run, runId, tenant } = await runningRun();
    await tenant.database.failNext(1);
    await runner.end(runId, { ...GOOD_END, files: { 'report.txt': 'all is well' } });
    await eventually('it was tried', async () => (await tenant.database.failuresLeft()) === 0);
    await runner.become('unreachable');
    const moved = env.FAKE_RUNNER.getByName(`moved-${runId.replace('_', '-')}`);
    await heartbeat({ endpoint: `https://moved-${runId.replace('_', '-')}` });
    await eventually('it may forget the run', async () => {
      await runDurableObjectAlarm(run);
      return (await moved.calls()).some((call) => call.startsWith('ack'));
    });
    expect(await moved.calls()).toEqual(['file', expect.stringContaining('ack')]);
  });

  test('survives a crash between settling and recording', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await tenant.database.failNext(1);
    await runner.end(runId, GOOD_END);
    await eventually('it is settled', async () => (await tenant.meter.summary()).runs === 1);
    await crash(run);
    await eventually('the alarm has run', () => runDurableObjectAlarm(runNamed(runId)));
    expect(await endOf(tenant)).toMatchObject({ runId, amountNanos: AMOUNT });
    expect(await tenant.meter.summary()).toMatchObject({ runs: 1, settledNanos: AMOUNT });
  });
});

describe('cancelling', () => {
  test('before the run started ends it without a runner', async () => {
    await retireRunners();
    const tenant = new TestTenant();
    const { run } = await tenant.begin();
    await run.cancel();
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'cancelled' }, amountNanos: '0' });
    expect(await tenant.meter.summary()).toMatchObject({ reservedNanos: '0' });
  });

  test('while it runs asks the runner, whose end counts', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await run.cancel();
    expect(await runner.calls()).toContain('cancel');
    const outcome = { state: 'cancelled', cause: 'cancelled', detail: 'cancelled', exitCode: null } as const;
    await runner.end(runId, { ...GOOD_END, outcome });
    expect(await endOf(tenant)).toMatchObject({ outcome, amountNanos: AMOUNT });
  });

  test('after the end changes nothing', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await runner.end(runId, GOOD_END);
    await endOf(tenant);
    await run.cancel();
    expect(await runner.calls()).not.toContain('cancel');
  });
});
