import { afterAll, beforeAll, expect, test } from 'vitest';

import { sweepRuns } from '#cell/services/runs/sweep';
import { LeftWorld, startLeftStores } from '#support/left-world';

let stores: Awaited<ReturnType<typeof startLeftStores>>;
beforeAll(async () => {
  stores = await startLeftStores();
});
afterAll(() => stores.close());

const MANY = 250;

async function openRuns(): Promise<LeftWorld> {
  const world = await LeftWorld.create(stores);
  await stores.pool.query('delete from runs');
  await stores.pool.query(
    `insert into runs (id, tenant_id, installation_id, version_id, capsule, version, digest, isolation, state, input, created_at)
     select 'run_' || md5($1 || n), $1, $2, $3, 'acme/tool', '1.0.0', 'sha256:0', 'standard', 'queued', '{}', now() - interval '1 hour'
     from generate_series(1, $4::int) as n`,
    [world.tenantId, world.installationId, world.versionId, MANY],
  );
  return world;
}

async function notLookedAfter(): Promise<number> {
  const { rows } = await stores.pool.query('select count(*)::int as count from runs where swept_at is null');
  return rows[0]?.count;
}

test('every open run is looked after in one sweep, however many there are and whatever comes of it', async () => {
  const world = await openRuns();
  // Nothing of them is there to be begun.
  const { swept, failures } = await sweepRuns(world.ctx);
  expect([swept, failures.length, await notLookedAfter()]).toEqual([MANY, MANY, 0]);
});

test('a sweep that takes long leaves what is left to the next one', async () => {
  const world = await openRuns();
  const { ctx } = world;
  const slow = { ...ctx, now: () => (world.later(15_000), world.now) };
  expect(await sweepRuns(slow)).toMatchObject({ swept: 200 });
  expect(await notLookedAfter()).toBe(MANY - 200);
});
