import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { artifactsOf } from '#cell/services/artifacts/of-run';
import { updateInstallation } from '#cell/services/installations/update';
import { followRetention } from '#cell/services/retention/follow';
import { sweepStorage } from '#cell/services/storage/sweep';
import type { RunId } from '#contracts/ids';
import { artifactKey } from '#contracts/stored-object';
import { transaction } from '#db/postgres/client';
import { installations } from '#db/postgres/schema/index';
import { file, LeftWorld, startLeftStores } from '#support/left-world';
import { until } from '#support/until';

let stores: Awaited<ReturnType<typeof startLeftStores>>;
beforeAll(async () => {
  stores = await startLeftStores();
});
afterAll(() => stores.close());

const DAY_MS = 86_400_000;

test('files are there with the end, stored once they came, and lost where they did not', async () => {
  const world = await LeftWorld.create(stores);
  const runId = await world.startRun();
  const [kept, lost] = [file('a', 'kept'), file('b', 'lost')];
  await world.end(runId, { artifacts: [kept, lost, { ...kept, path: 'copy' }] });
  const states = async () => (await artifactsOf(world.ctx, runId)).map(({ path, state }) => `${path} ${state}`);
  expect(await states()).toEqual(['a pending', 'b pending', 'copy pending']);
  await world.collect(runId, [kept.sha256]);
  await world.collect(runId, [kept.sha256, lost.sha256]);
  await world.end(runId, { artifacts: [file('other', 'other')] });
  expect(await states()).toEqual(['a stored', 'b lost', 'copy stored']);
  expect(await world.usage(new Date(world.now.getTime() + 10_000))).toEqual([
    { kind: 'artifact', storedBytes: 4, byteSeconds: '40' },
  ]);
  expect(await world.actions()).toEqual(['run.end success', 'run.collect success']);
});

test('files of another tenant are not seen', async () => {
  const [world, other] = [await LeftWorld.create(stores), await LeftWorld.create(stores)];
  const runId = await world.startRun();
  await world.end(runId, { artifacts: [file('a', 'x')] });
  expect(await artifactsOf(other.ctx, runId)).toEqual([]);
});

test('files are kept for as long as their capsule says', async () => {
  const world = await LeftWorld.create(stores);
  await world.capsuleSays({ artifactRetentionDays: 3 });
  const runId = await world.startRun();
  await world.end(runId, { artifacts: [file('a', 'x')] });
  world.later(2.5 * DAY_MS);
  await sweepStorage(world.ctx);
  expect(await artifactsOf(world.ctx, runId)).toHaveLength(1);
  world.later(DAY_MS);
  await sweepStorage(world.ctx);
  expect(await artifactsOf(world.ctx, runId)).toEqual([]);
});

test('files are kept for as long as their installation says, which files that are there follow', async () => {
  const world = await LeftWorld.create(stores);
  await world.capsuleSays({ artifactRetentionDays: 3 });
  const keepFor = (artifactRetentionDays: number | null) => {
    const input = { id: world.installationId, change: { artifactRetentionDays } };
    return updateInstallation({ ctx: world.owner, input });
  };
  const leave = async () => {
    const runId = await world.startRun();
    await world.end(runId, { artifacts: [file('a', 'x')] });
    return runId;
  };
  const daysLeft = async (runId: RunId) =>
    (await artifactsOf(world.ctx, runId)).map(
      ({ expiresAt }) => (Date.parse(expiresAt) - world.now.getTime()) / DAY_MS,
    );

  await keepFor(5);
  const first = await leave();
  expect(await daysLeft(first)).toEqual([5]);
  await keepFor(2);
  const second = await leave();
  await keepFor(null);
  expect([await daysLeft(first), await daysLeft(second)]).toEqual([[3], [3]]);
  await keepFor(1);
  world.later(1.5 * DAY_MS);
  await sweepStorage(world.ctx);
  expect([await daysLeft(first), await daysLeft(second)]).toEqual([[], []]);
  const { rows } = await stores.pool.query(
    `select record -> 'unmapped' -> 'artifactRetentionDays' as days from audit_entries
     where tenant_id = $1 and record ->> 'action' = 'installation.update' order by id`,
    [world.tenantId],
  );
  expect(rows.map(({ days }) => days)).toEqual([5, 2, null, 1]);
});

test('files that are recorded while their installation says something else are kept for as long as that says', async () => {
  const world = await LeftWorld.create(stores);
  const runId = await world.startRun();
  const ending = await transaction(stores.postgres.url, stores.postgres.neonProxy, async (tx) => {
    const { installationId } = world;
    await tx.update(installations).set({ artifactRetentionDays: 1 }).where(eq(installations.id, installationId));
    await followRetention(tx, { installationId, kind: 'artifact' }, world.now);
    const waits = world.end(runId, { artifacts: [file('a', 'x')] });
    await until('it waits', async () => (await stores.pool.query('select from pg_locks where not granted')).rowCount);
    return { waits };
  });
  await ending.waits;
  world.later(1.5 * DAY_MS);
  await sweepStorage(world.ctx);
  expect(await artifactsOf(world.ctx, runId)).toEqual([]);
});

test('files expire, and their object goes with the last row that refers to it', async () => {
  const world = await LeftWorld.create(stores);
  const shared = file('a', `shared ${world.tenantId}`);
  const [first, second] = [await world.startRun(), await world.startRun()];
  await world.end(first, { artifacts: [shared] });
  await world.collect(first, [shared.sha256]);
  world.later(DAY_MS);
  await world.end(second, { artifacts: [shared] });
  await world.collect(second, [shared.sha256]);

  world.later(29.5 * DAY_MS);
  await sweepStorage(world.ctx);
  expect(await artifactsOf(world.ctx, first)).toEqual([]);
  expect(await artifactsOf(world.ctx, second)).toHaveLength(1);
  expect(stores.deleted).not.toContain(artifactKey(world.tenantId, shared.sha256));

  world.later(DAY_MS);
  await sweepStorage(world.ctx);
  expect(await artifactsOf(world.ctx, second)).toEqual([]);
  expect(stores.deleted).toContain(artifactKey(world.tenantId, shared.sha256));
  expect(await world.usage()).toMatchObject([{ kind: 'artifact', storedBytes: 0 }]);
  expect((await world.actions()).filter((action) => action === 'artifact.expire success')).toHaveLength(2);

  const third = await world.startRun();
  await world.end(third, { artifacts: [shared] });
  await world.collect(third, [shared.sha256]);
  expect(await world.usage()).toMatchObject([{ kind: 'artifact', storedBytes: shared.sizeBytes }]);
});
