import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test, vi } from 'vitest';

import { newId } from '#contracts/ids';
import { Resources } from '#contracts/manifest';
import type { PlacementRequest } from '#contracts/objects';
import { HEARTBEAT_EXPIRY_MS } from '#contracts/runner';

import {
  anotherRunner,
  beatOf,
  eventually,
  fleet,
  onlyRunner,
  passSeconds,
  refusalOf,
  TestTenant,
} from './support/world.ts';

const REQUEST: PlacementRequest = {
  runtime: 'node24',
  isolation: 'standard',
  resources: Resources.parse({}),
  digest: `sha256:${'0'.repeat(64)}`,
  layers: [],
  exclude: [],
};

afterEach(() => {
  vi.useRealTimers();
});

test('a runner takes runs while it is heard of', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { runnerId, heartbeat } = await onlyRunner();
  expect(await fleet().place(REQUEST)).toMatchObject({ runnerId });
  await passSeconds(HEARTBEAT_EXPIRY_MS / 1_000);
  expect(await fleet().place(REQUEST)).toMatchObject({ kind: 'none-free' });
  expect(await fleet().find(runnerId)).toMatchObject({ silentMs: HEARTBEAT_EXPIRY_MS });
  await heartbeat();
  expect(await fleet().place(REQUEST)).toMatchObject({ runnerId });
});

test('runs spread over runners between two heartbeats', async () => {
  const first = await onlyRunner({ capacity: 10, warm: {} });
  const second = await anotherRunner({ capacity: 10, warm: {} });
  const placements = await Promise.all(Array.from({ length: 20 }, () => fleet().place(REQUEST)));
  const on = (runnerId: string) =>
    placements.filter((placement) => placement.kind === 'placed' && placement.runnerId === runnerId);
  expect(on(first.runnerId)).toHaveLength(10);
  expect(on(second.runnerId)).toHaveLength(10);
  expect(await fleet().place(REQUEST)).toMatchObject({ kind: 'none-free' });
});

test('runners are known again after a restart of the object', async () => {
  const { runnerId } = await onlyRunner();
  await runInDurableObject(fleet(), (_instance, state) => state.abort('restart')).catch(() => undefined);
  expect(await fleet().place(REQUEST)).toMatchObject({ runnerId });
});

test('a runner of another cell is not taken', async () => {
  const stranger = beatOf(newId('rnr'), { cell: 'us-west-2' });
  expect(await refusalOf(fleet().heartbeat(stranger))).toContain('no business');
});

test('a runner nobody has heard of is nowhere, and was silent for as long as the fleet has listened', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await runInDurableObject(fleet(), (_instance, state) => state.abort('restart')).catch(() => undefined);
  const runnerId = newId('rnr');
  expect(await fleet().find(runnerId)).toEqual({ endpoint: undefined, silentMs: 0 });
  await passSeconds(5);
  expect(await fleet().find(runnerId)).toEqual({ endpoint: undefined, silentMs: 5_000 });
});

test('lost runs are handed to their objects, and repeats do no harm', async () => {
  const { runner, heartbeat } = await onlyRunner();
  const tenant = new TestTenant();
  const { runId } = await tenant.begin();
  await eventually('the runner has the run', () => runner.holds(runId));
  await runner.restart();
  await heartbeat({ lostRunIds: [runId, newId('run')] });
  await heartbeat({ lostRunIds: [runId] });
  await eventually('the run has ended', async () => (await tenant.endedRuns()).length === 1);
  await runDurableObjectAlarm(fleet());
  const left = await runInDurableObject(fleet(), (_instance, { storage }) =>
    storage.sql.exec('SELECT run_id FROM lost_runs').toArray(),
  );
  expect(left).toEqual([]);
  expect(await tenant.endedRuns()).toMatchObject([{ runId, outcome: { state: 'lost' } }]);
});

test('a fleet that was away itself has not listened: nobody was silent meanwhile', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { runnerId } = await onlyRunner();
  vi.setSystemTime(Date.now() + 3_600_000);
  await runInDurableObject(fleet(), (_instance, state) => state.abort('restart')).catch(() => undefined);
  expect(await fleet().find(runnerId)).toMatchObject({ silentMs: 0 });
  await passSeconds(5);
  expect(await fleet().find(runnerId)).toMatchObject({ silentMs: 5_000 });
});
