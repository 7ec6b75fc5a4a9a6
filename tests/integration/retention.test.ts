import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { MOST_PARTS } from '#cell/services/datasets/forget';
import { setDatasetRetention } from '#cell/services/datasets/set-retention';
import { installationLock } from '#cell/services/installations/lock';
import { removeInstallation } from '#cell/services/installations/remove';
import { updateInstallation } from '#cell/services/installations/update';
import { followRetention } from '#cell/services/retention/follow';
import { sweepRetention } from '#cell/services/retention/sweep';
import { sweepStorage } from '#cell/services/storage/sweep';
import { newId } from '#contracts/ids';
import { type Transaction, transaction } from '#db/postgres/client';
import { installations } from '#db/postgres/schema/index';
import { LeftWorld, startLeftStores } from '#support/left-world';
import { until } from '#support/until';

/** More than two steps take, of rows and of files. */
const MANY_ROWS = 2 * MOST_PARTS + 1;
const MANY_FILES = 1_001;
const DAY_MS = 86_400_000;

let stores: Awaited<ReturnType<typeof startLeftStores>>;
beforeAll(async () => {
  stores = await startLeftStores();
});
afterAll(() => stores.close());

/** Parts of one data set, one of each run, that a capsule keeps for so many days. */
async function withRows(days: number | null, count = MANY_ROWS): Promise<LeftWorld> {
  const world = await LeftWorld.create(stores);
  await fillRuns(world, count);
  await stores.pool.query(
    `insert into dataset_parts (run_id, name, tenant_id, installation_id, rows, size_bytes, sha256, state, created_at, retention_days, expires_at)
     select id, 'pages', tenant_id, installation_id, 1, 1, '0', 'stored', ended_at, $2::int, ended_at + make_interval(days => $2::int)
     from runs where installation_id = $1`,
    [world.installationId, days],
  );
  return world;
}

/** Files, one of each run, that a capsule keeps for ten days. */
async function withFiles(count = MANY_FILES): Promise<LeftWorld> {
  const world = await LeftWorld.create(stores);
  await fillRuns(world, count);
  await stores.pool.query(
    `insert into artifacts (run_id, path, tenant_id, size_bytes, sha256, state, retention_days, expires_at)
     select id, 'a', tenant_id, 1, md5(id), 'stored', 10, ended_at + interval '10 days' from runs where installation_id = $1`,
    [world.installationId],
  );
  return world;
}

async function fillRuns({ tenantId, installationId, versionId, capsule, now }: LeftWorld, count: number) {
  await stores.pool.query(
    `insert into runs (id, tenant_id, installation_id, version_id, capsule, version, digest, isolation, state, input, created_at, ended_at)
     select 'run_' || md5($1 || n), $1, $2, $3, $4, '1.0.0', 'sha256:0', 'standard', 'succeeded', '{}', $5, $5
     from generate_series(1, $6::int) as n`,
    [tenantId, installationId, versionId, capsule, now, count],
  );
}

/** How many expire in so many days from now; null: never. */
async function expiries(table: 'artifacts' | 'dataset_parts', { tenantId, now }: LeftWorld) {
  const { rows } = await stores.pool.query(
    `select extract(epoch from expires_at - $2) / 86400 as days, count(*) as parts from ${table} where tenant_id = $1 group by 1`,
    [tenantId, now],
  );
  const Row = z.object({ days: z.coerce.number().nullable(), parts: z.coerce.number() });
  return new Map(rows.map((row) => Row.parse(row)).map(({ days, parts }) => [days, parts]));
}

const keepRows = (world: LeftWorld, days: number | null) => {
  const path = { id: world.installationId, name: 'pages' };
  return setDatasetRetention({ ctx: world.owner, input: { path, retention: { days } } });
};
const keepFiles = (world: LeftWorld, artifactRetentionDays: number) =>
  updateInstallation({ ctx: world.owner, input: { id: world.installationId, change: { artifactRetentionDays } } });

async function sweep(world: LeftWorld): Promise<void> {
  await sweepRetention(world.ctx, (error) => {
    throw error;
  });
}

const change = <T>(work: (tx: Transaction) => Promise<T>) =>
  transaction(stores.postgres.url, stores.postgres.neonProxy, work);

test('however many rows there are, they follow what is said in steps, of which two sweeps at once take each once', async () => {
  const world = await withRows(null);
  await keepRows(world, 5);
  expect(await expiries('dataset_parts', world)).toEqual(
    new Map([
      [5, MOST_PARTS],
      [null, MOST_PARTS + 1],
    ]),
  );
  await Promise.all([sweep(world), sweep(world)]);
  await sweep(world);
  expect(await expiries('dataset_parts', world)).toEqual(new Map([[5, MANY_ROWS]]));
  const { rowCount } = await stores.pool.query('select from retention_backlog where installation_id = $1', [
    world.installationId,
  ]);
  expect(rowCount).toBe(0);
});

test('what is said meanwhile is followed from the beginning', async () => {
  const world = await withRows(10);
  await keepRows(world, 5);
  await keepRows(world, 20);
  await sweep(world);
  expect(await expiries('dataset_parts', world)).toEqual(new Map([[20, MANY_ROWS]]));
  await keepRows(world, null);
  await sweep(world);
  expect(await expiries('dataset_parts', world)).toEqual(new Map([[10, MANY_ROWS]]));
});

test('rows of an installation that was removed end in a month, those sooner that would', async () => {
  const [world, brief] = [await withRows(null), await withRows(2, 10)];
  for (const each of [world, brief]) await removeInstallation({ ctx: each.owner, input: { id: each.installationId } });
  await sweep(world);
  expect(await expiries('dataset_parts', world)).toEqual(new Map([[30, MANY_ROWS]]));
  expect(await expiries('dataset_parts', brief)).toEqual(new Map([[2, 10]]));
});

test('files follow in steps too, and those of other installations of the capsule do not', async () => {
  const world = await withFiles();
  await stores.pool.query(
    `with other as (
       insert into installations (id, tenant_id, capsule, range, approved, created_at, updated_at, removed_at)
       select $2, tenant_id, capsule, range, approved, created_at, updated_at, now() from installations where id = $1
       returning id
     ) update runs set installation_id = other.id from other
       where runs.id = (select max(id) from runs where installation_id = $1)`,
    [world.installationId, newId('ins')],
  );
  await world.capsuleSays({});
  await keepFiles(world, 5);
  expect((await expiries('artifacts', world)).get(5)).toBeLessThan(MANY_FILES - 1);
  await sweep(world);
  expect(await expiries('artifacts', world)).toEqual(
    new Map([
      [5, MANY_FILES - 1],
      [10, 1],
    ]),
  );
});

test('nothing expires before all of it follows: it may be kept longer by now', async () => {
  const [rows, files] = [await withRows(10), await withFiles()];
  await files.capsuleSays({});
  await keepRows(rows, 20);
  await keepFiles(files, 20);
  for (const world of [rows, files]) world.later(11 * DAY_MS);
  // As if it failed: what expires is looked for all the same.
  await stores.pool.query('alter table retention_backlog rename column past_name to gone');
  const { failures } = await sweepStorage(rows.ctx);
  await stores.pool.query('alter table retention_backlog rename column gone to past_name');
  expect(failures).not.toEqual([]);
  expect((await expiries('dataset_parts', rows)).get(-1)).toBe(MOST_PARTS + 1);
  expect((await expiries('artifacts', files)).get(-1)).toBeGreaterThan(0);

  await sweepStorage(rows.ctx);
  expect(await expiries('dataset_parts', rows)).toEqual(new Map([[9, MANY_ROWS]]));
  expect(await expiries('artifacts', files)).toEqual(new Map([[9, MANY_FILES]]));
});

test('what is about to expire while its installation says otherwise waits, and then does not', async () => {
  const world = await withRows(10);
  world.later(11 * DAY_MS);
  const said = await change(async (tx) => {
    const id = world.installationId;
    await tx.execute(installationLock(sql`${id}`));
    const sweeping = sweepStorage(world.ctx);
    await until('it waits', async () => (await stores.pool.query('select from pg_locks where not granted')).rowCount);
    await tx
      .update(installations)
      .set({ datasetRetentionDays: { pages: 20 } })
      .where(eq(installations.id, id));
    await followRetention(tx, { installationId: id, kind: 'dataset' }, world.now);
    return { sweeping };
  });
  expect((await said.sweeping).failures).toEqual([]);
  await sweep(world);
  expect(await expiries('dataset_parts', world)).toEqual(new Map([[9, MANY_ROWS]]));
});

test('one sweep ends the files of many runs, each with its entry, whatever fails of another installation', async () => {
  const count = 4_500;
  const [broken, world] = [await withFiles(1), await withFiles(count)];
  const ofNobody = newId('ten');
  await stores.pool.query('update artifacts set tenant_id = $2 where tenant_id = $1', [broken.tenantId, ofNobody]);
  world.later(11 * DAY_MS);
  const { failures } = await sweepStorage(world.ctx);
  expect(failures.map(({ error }) => String(error))).toEqual(['DomainError: no such tenant']);
  expect(await expiries('artifacts', world)).toEqual(new Map());
  const { rows } = await stores.pool.query(
    `select count(distinct record ->> 'target')::int as runs, sum((record -> 'unmapped' ->> 'files')::int)::int as files
     from audit_entries where tenant_id = $1 and record ->> 'action' = 'artifact.expire'`,
    [world.tenantId],
  );
  expect(rows).toEqual([{ runs: count, files: count }]);
  await stores.pool.query('delete from artifacts where tenant_id = $1', [ofNobody]);
});

test('one sweep ends as many rows as have expired', async () => {
  const world = await withRows(10);
  world.later(11 * DAY_MS);
  expect((await sweepStorage(world.ctx)).failures).toEqual([]);
  expect(await expiries('dataset_parts', world)).toEqual(new Map());
  expect(await world.actions()).toEqual(Array.from({ length: 3 }, () => 'dataset.expire success'));
});
