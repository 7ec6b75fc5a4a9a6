import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { clearState } from '#cell/services/capsule-state/clear';
import { removeStateKey } from '#cell/services/capsule-state/remove';
import { stateSnapshot } from '#cell/services/capsule-state/snapshot';
import { forgetParts } from '#cell/services/datasets/forget';
import { listDatasets } from '#cell/services/datasets/list';
import { removeDataset } from '#cell/services/datasets/remove';
import { setDatasetRetention } from '#cell/services/datasets/set-retention';
import { removeInstallation } from '#cell/services/installations/remove';
import { sweepStorage } from '#cell/services/storage/sweep';
import { storedUsage } from '#cell/services/storage/usage';
import type { StateChange } from '#contracts/capsule-state';
import { newId } from '#contracts/ids';
import { datasetKey } from '#contracts/stored-object';
import { openDatabase, transaction } from '#db/postgres/client';
import { LeftWorld, part, startLeftStores } from '#support/left-world';
import { until } from '#support/until';

let stores: Awaited<ReturnType<typeof startLeftStores>>;
beforeAll(async () => {
  stores = await startLeftStores();
});
afterAll(() => stores.close());

const DAY_MS = 86_400_000;

describe('rows', () => {
  test('that are deleted are gone and cost nothing from that moment on, and their objects go with the next sweep', async () => {
    const world = await LeftWorld.create(stores);
    const runs = [await world.push('pages', 10), await world.push('pages', 20)];
    const other = await world.push('links', 5);
    const from = world.now;
    world.later(10_000);
    await world.remove('pages');
    expect([await world.rowsIn('pages'), await world.rowsIn('links')]).toEqual([0, 1]);
    await expect(world.remove('pages')).rejects.toMatchObject({ code: 'not_found' });

    world.later(10_000);
    const usage = () => storedUsage(world.ctx.db, world.tenantId, { from, until: world.now });
    const metered = [{ kind: 'dataset', storedBytes: 5, byteSeconds: String(30 * 10 + 5 * 20) }];
    expect(await usage()).toEqual(metered);
    await sweepStorage(world.ctx);
    expect(await usage()).toEqual(metered);
    expect(stores.deleted).toEqual(expect.arrayContaining(runs.map((run) => datasetKey(world.tenantId, run, 'pages'))));
    expect(stores.deleted).not.toContain(datasetKey(world.tenantId, other, 'links'));
    expect((await world.actions()).filter((action) => action.startsWith('dataset.'))).toEqual([
      'dataset.remove success',
    ]);
  });

  test('whose objects the bucket did not delete are deleted by a later sweep, once', async () => {
    const world = await LeftWorld.create(stores);
    const key = datasetKey(world.tenantId, await world.push('pages', 10), 'pages');
    await world.remove('pages');
    world.isBucketUp = false;
    expect((await sweepStorage(world.ctx)).failures).toHaveLength(1);
    expect(stores.deleted).not.toContain(key);
    world.isBucketUp = true;
    await sweepStorage(world.ctx);
    await sweepStorage(world.ctx);
    expect(stores.deleted.filter((each) => each === key)).toHaveLength(1);
  });

  test('that come into the bucket after they were deleted are deleted from there, however often they come', async () => {
    const world = await LeftWorld.create(stores);
    const runId = await world.startRun();
    await world.end(runId, { datasets: [part('pages', 10)] });
    await world.remove('pages');
    const key = datasetKey(world.tenantId, runId, 'pages');
    for (const times of [1, 2]) {
      await world.collect(runId, [], ['pages']);
      await world.collect(runId, [], ['pages']);
      await sweepStorage(world.ctx);
      expect(stores.deleted.filter((each) => each === key)).toHaveLength(times);
    }
    expect(await world.usage()).toMatchObject([{ kind: 'dataset', storedBytes: 0, byteSeconds: '0' }]);
  });

  test('that come into the bucket at the very moment they are deleted are deleted from there', async () => {
    const world = await LeftWorld.create(stores);
    const runId = await world.startRun();
    await world.end(runId, { datasets: [part('pages', 10)] });
    const coming = await transaction(stores.postgres.url, stores.postgres.neonProxy, async (tx) => {
      await forgetParts(tx, { installationId: world.installationId, name: 'pages' }, world.now);
      const waits = world.collect(runId, [], ['pages']);
      await until('it waits', async () => (await stores.pool.query('select from pg_locks where not granted')).rowCount);
      return { waits };
    });
    await coming.waits;
    await sweepStorage(world.ctx);
    expect(stores.deleted).toContain(datasetKey(world.tenantId, runId, 'pages'));
  });

  test('that were lost are told of, beside those that are there, until they are deleted', async () => {
    const world = await LeftWorld.create(stores);
    const list = () => listDatasets({ ctx: world.owner, input: { id: world.installationId } });
    const lose = async () => {
      const runId = await world.startRun();
      await world.end(runId, { datasets: [part('pages', 10)] });
      await world.collect(runId, [], []);
    };
    await lose();
    expect(await list()).toMatchObject([{ name: 'pages', rows: 0, sizeBytes: 0, runs: 0, lostRuns: 1 }]);
    await world.push('pages', 20);
    await lose();
    expect(await list()).toMatchObject([{ name: 'pages', rows: 1, sizeBytes: 20, runs: 1, lostRuns: 2 }]);
    await world.remove('pages');
    expect(await list()).toEqual([]);
  });

  test('expire as the capsule says, unless the installation says otherwise; what nobody limits stays', async () => {
    const world = await LeftWorld.create(stores);
    await world.capsuleSays({ datasetRetentionDays: { pages: 10, links: 10 } });
    const keep = (name: string, days: number | null) =>
      setDatasetRetention({
        ctx: world.owner,
        input: { path: { id: world.installationId, name }, retention: { days } },
      });
    await keep('links', 20);
    for (const name of ['pages', 'links', 'notes']) await world.push(name, 10);
    const left = async () =>
      Promise.all(['pages', 'links', 'notes'].map(async (name) => [name, await world.rowsIn(name)]));

    world.later(11 * DAY_MS);
    await sweepStorage(world.ctx);
    expect(Object.fromEntries(await left())).toEqual({ pages: 0, links: 1, notes: 1 });
    await keep('links', null);
    await keep('notes', 12);
    await sweepStorage(world.ctx);
    expect(Object.fromEntries(await left())).toEqual({ pages: 0, links: 0, notes: 1 });
    world.later(2 * DAY_MS);
    await sweepStorage(world.ctx);
    expect(Object.fromEntries(await left())).toEqual({ pages: 0, links: 0, notes: 0 });
    expect((await world.actions()).filter((action) => action.startsWith('dataset.expire'))).toHaveLength(3);
    expect(await world.usage()).toMatchObject([{ kind: 'dataset', storedBytes: 0 }]);
  });

  test('are kept until they are deleted where nobody says otherwise, also under a name that every object knows', async () => {
    const world = await LeftWorld.create(stores);
    await world.push('constructor', 10);
    const found = await listDatasets({ ctx: world.owner, input: { id: world.installationId } });
    expect(found).toMatchObject([{ name: 'constructor', rows: 1, retentionDays: null, expiresAt: null }]);
  });

  test('of an installation that was removed can be read for a month, those of runs that end later too', async () => {
    const world = await LeftWorld.create(stores);
    const late = await world.startRun();
    await world.push('pages', 10);
    await removeInstallation({ ctx: world.owner, input: { id: world.installationId } });
    await world.end(late, { datasets: [part('pages', 10)] });
    await world.collect(late, [], ['pages']);
    world.later(29 * DAY_MS);
    await sweepStorage(world.ctx);
    expect(await world.rowsIn('pages')).toBe(2);
    world.later(2 * DAY_MS);
    await sweepStorage(world.ctx);
    await expect(world.rowsIn('pages')).rejects.toMatchObject({ code: 'not_found' });
    expect(await world.usage()).toMatchObject([{ kind: 'dataset', storedBytes: 0 }]);
  });

  test('are deleted by their tenant only, and only by who may', async () => {
    const [world, stranger] = [await LeftWorld.create(stores), await LeftWorld.create(stores)];
    await world.push('pages', 10);
    const input = { id: world.installationId, name: 'pages' };
    await expect(removeDataset({ ctx: stranger.owner, input })).rejects.toMatchObject({ code: 'not_found' });
    const reader = { ...world.owner, permissions: new Set(['installations:read', 'runs:read'] as const) };
    await expect(removeDataset({ ctx: reader, input })).rejects.toMatchObject({ code: 'forbidden' });
    expect(await world.rowsIn('pages')).toBe(1);
  });
});

describe('state', () => {
  const set = (key: string, value: unknown): StateChange => ({ key, value: JSON.parse(JSON.stringify(value)) });

  test('comes with the end, key by key: the last writer wins, nulls and all', async () => {
    const world = await LeftWorld.create(stores);
    const [first, second] = [await world.startRun(), await world.startRun()];
    await world.end(first, { stateChanges: [set('a', 1), set('b', { deep: [null] }), set('none', null)] });
    await world.end(second, { stateChanges: [set('a', 2), { key: 'b', isDeleted: true }, set('c', 'ž')] });
    expect(await stateSnapshot(world.ctx, world.installationId)).toEqual({
      revision: 2,
      entries: { a: 2, c: 'ž', none: null },
    });
    await world.end(second, { stateChanges: [set('a', 3)] });
    expect((await stateSnapshot(world.ctx, world.installationId)).revision).toBe(2);
    expect(await world.usage(new Date(world.now.getTime() + 1_000))).toEqual([
      { kind: 'state', storedBytes: 2 + 5 + 8, byteSeconds: '15' },
    ]);
  });

  test('of runs that end at once is that of one after the other', async () => {
    const world = await LeftWorld.create(stores);
    const runs = await Promise.all(Array.from({ length: 12 }, () => world.startRun()));
    await Promise.all(
      runs.map((runId, index) => {
        const own = set(`own-${index}`, index);
        const shared: StateChange = index % 2 === 0 ? set('shared', index) : { key: 'shared', isDeleted: true };
        return world.end(runId, { stateChanges: [own, shared] });
      }),
    );
    const { revision, entries } = await stateSnapshot(world.ctx, world.installationId);
    expect(revision).toBe(12);
    const own = Object.keys(entries).filter((key) => key.startsWith('own-'));
    expect(own).toHaveLength(12);
    const { rows } = await stores.pool.query<{ bytes: string; open: string }>(
      `select (select sum(size_bytes) from installation_state_entries where installation_id = $1) as bytes,
        (select size_bytes from stored_objects where key = 'state/' || $1 and stored_until is null) as open`,
      [world.installationId],
    );
    expect(rows[0]?.open).toBe(rows[0]?.bytes);
  });

  test('that would grow beyond its limits stays as it was, and the log says so', async () => {
    const world = await LeftWorld.create(stores);
    const [first, second] = [await world.startRun(), await world.startRun()];
    await world.end(first, { stateChanges: [set('a', 'x'.repeat(200_000))] });
    await world.end(second, { stateChanges: [set('b', 'x'.repeat(100_000))] });
    expect(Object.keys((await stateSnapshot(world.ctx, world.installationId)).entries)).toEqual(['a']);
    expect(await world.actions()).toEqual([
      'run.end success',
      'state.commit success',
      'run.end success',
      'state.commit refused',
    ]);
  });

  test('is cleared as a whole, and is metered no longer', async () => {
    const world = await LeftWorld.create(stores);
    const runId = await world.startRun();
    await world.end(runId, { stateChanges: [set('a', 1), set('b', 2)] });
    const clear = () => clearState({ ctx: world.owner, input: { id: world.installationId } });
    await clear();
    await clear();
    expect(await stateSnapshot(world.ctx, world.installationId)).toEqual({ revision: 2, entries: {} });
    expect(await world.usage()).toMatchObject([{ kind: 'state', storedBytes: 0 }]);
    expect((await world.actions()).filter((action) => action.startsWith('state.'))).toEqual([
      'state.commit success',
      'state.clear success',
    ]);
  });

  test.for(['removed', 'cleared'])(
    'that is %s by a clock that is behind was stored for no time, and not for less',
    async (how) => {
      const world = await LeftWorld.create(stores);
      await world.end(await world.startRun(), { stateChanges: [set('a', 1)] });
      world.later(-1_000);
      const input = { id: world.installationId };
      if (how === 'cleared') await clearState({ ctx: world.owner, input });
      else await removeStateKey({ ctx: world.owner, input: { ...input, key: 'a' } });
      world.later(10_000);
      expect(await world.usage()).toEqual([{ kind: 'state', storedBytes: 0, byteSeconds: '0' }]);
    },
  );

  test('that is changed by a clock that is behind is stored once at any time', async () => {
    const world = await LeftWorld.create(stores);
    await world.end(await world.startRun(), { stateChanges: [set('a', 1)] });
    world.later(-1_000);
    await world.end(await world.startRun(), { stateChanges: [set('a', 22)] });
    world.later(11_000);
    expect(await world.usage()).toEqual([{ kind: 'state', storedBytes: 3, byteSeconds: '30' }]);
  });

  test('of an installation that was removed meanwhile is not kept', async () => {
    const world = await LeftWorld.create(stores);
    const runId = await world.startRun();
    await stores.pool.query('update installations set removed_at = now() where id = $1', [world.installationId]);
    await world.end(runId, { stateChanges: [set('a', 1)] });
    expect(await stateSnapshot(world.ctx, world.installationId)).toEqual({ revision: 0, entries: {} });
  });
});

test('byte-seconds are the sum over what was stored when, for any intervals and any span', async () => {
  const instant = fc.integer({ min: 0, max: 1_000 });
  const interval = fc.record({
    bytes: fc.integer({ min: 0, max: 10 ** 12 }),
    from: instant,
    length: fc.option(fc.integer({ min: 0, max: 500 }), { nil: null }),
  });
  const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
  const db = openDatabase(stores.postgres.url, stores.postgres.neonProxy);
  await fc.assert(
    fc.asyncProperty(fc.array(interval, { maxLength: 12 }), instant, instant, async (intervals, a, b) => {
      const tenantId = newId('ten');
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      for (const [index, { bytes, from: start, length }] of intervals.entries()) {
        await stores.pool.query(
          `insert into stored_objects (tenant_id, kind, key, size_bytes, stored_from, stored_until)
           values ($1, 'artifact', $2, $3, $4, $5)`,
          [tenantId, `${tenantId}/${index}`, bytes, at(start), length === null ? null : at(start + length)],
        );
      }
      const overlapMs = ({ from: start, length }: (typeof intervals)[number]) =>
        Math.max(0, Math.min(length === null ? last : start + length, last) - Math.max(start, first));
      const byteMs = intervals.reduce((sum, each) => sum + BigInt(each.bytes) * BigInt(overlapMs(each)), 0n);
      const [stored] = await storedUsage(db, tenantId, { from: at(first), until: at(last) });
      expect(stored?.byteSeconds ?? '0').toBe((byteMs / 1_000n).toString());
    }),
    { numRuns: 60 },
  );
});
