import { neon } from '@neondatabase/serverless';
import { drizzle } from 'drizzle-orm/neon-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import type { Ctx } from '#cell/context';
import { searchCapsules } from '#cell/services/catalogue/search';
import { listRuns } from '#cell/services/runs/list';
import { listDeliveries } from '#cell/services/webhooks/list-deliveries';
import { idOf, type TenantId, type WebhookId } from '#contracts/ids';
import * as schema from '#db/postgres/schema/index';
import { LeftWorld, startLeftStores } from '#support/left-world';

/** So many rows that a plan which sorts them all costs more than one which does not. */
const MANY = 5_000;

let stores: Awaited<ReturnType<typeof startLeftStores>>;
let world: LeftWorld;
beforeAll(async () => {
  stores = await startLeftStores();
  world = await LeftWorld.create(stores);
  for (const each of [world, await LeftWorld.create(stores), await LeftWorld.create(stores)]) await fill(each);
  // As autovacuum does: what was written to a GIN index of late is not in its tree before.
  await stores.pool.query('vacuum analyze');
});
afterAll(() => stores.close());

async function fill({ tenantId, installationId, versionId, capsule }: LeftWorld): Promise<void> {
  await stores.pool.query(
    `insert into runs (id, tenant_id, installation_id, version_id, capsule, version, digest, isolation, state, input, created_at)
     select 'run_' || md5($1 || n), $1, $2, $3, $4, '1.0.0', 'sha256:0', 'standard', 'succeeded', '{}', now()
     from generate_series(1, $5::int) as n`,
    [tenantId, installationId, versionId, capsule, MANY],
  );
  const webhook = webhookOf(tenantId);
  await stores.pool.query(
    `insert into webhooks (id, tenant_id, url, events, secrets, created_by, created_at, updated_at)
     values ($1, $2, 'https://hooks.acme.com/', '{run.ended}', '[]', 'usr', now(), now())`,
    [webhook, tenantId],
  );
  await stores.pool.query(
    `insert into webhook_deliveries (id, tenant_id, webhook_id, event, state, next_attempt_at, created_at)
     select 'dlv_' || md5($1 || n), $2, $1, 'ping', 'delivered', now(), now() from generate_series(1, $3::int) as n`,
    [webhook, tenantId, MANY],
  );
  await stores.pool.query(
    `insert into catalogue_capsules (id, name, home_cell, title, description, license, categories, keywords, runtime,
       permissions, latest_version, latest_digest, revision, updated_at)
     select 'cap_' || md5($1 || n), 'acme/' || md5($1 || n), 'eu-west-1', 'Tool', 'A tool.', 'MIT', '[]', '[]', 'node24', '[]',
       '1.0.0', 'sha256:0', 1, now() - make_interval(mins => n)
     from generate_series(1, $2::int) as n`,
    [tenantId, MANY],
  );
}

function webhookOf(tenantId: TenantId): WebhookId {
  return idOf('whk').parse(tenantId.replace('ten_', 'whk_'));
}

const Plan = z.array(z.object({ 'QUERY PLAN': z.string() }));

/** How Postgres goes about the last statement that `read` makes. */
async function planOf(read: (ctx: Ctx) => Promise<unknown>): Promise<string> {
  const statements: { text: string; params: unknown[] }[] = [];
  const logger = { logQuery: (text: string, params: unknown[]) => void statements.push({ text, params }) };
  const db = drizzle(neon(stores.postgres.url), { schema, casing: 'snake_case', logger });
  await read({ ...world.owner, db });
  const last = statements.at(-1);
  if (!last) throw new Error('nothing was asked for');
  const { rows } = await stores.pool.query(`explain ${last.text}`, last.params);
  return Plan.parse(rows)
    .map((row) => row['QUERY PLAN'])
    .join('\n');
}

const page = { limit: 20 };

test('a search by word is read off indexes, of words and of parts of names, however much there is', async () => {
  const plan = await planOf((ctx) => searchCapsules({ ctx, input: { ...page, q: 'crawler' } }));
  expect(plan).toContain('Bitmap Index Scan on catalogue_capsules_search');
  expect(plan).toContain('Bitmap Index Scan on catalogue_capsules_name_part');
  expect(plan).not.toContain('Seq Scan on catalogue_capsules');
});

test('a search finds parts of names in any case, and takes nothing that was typed for a pattern', async () => {
  const { rows } = await stores.pool.query('select name from catalogue_capsules order by id limit 1');
  const [{ name }] = z.tuple([z.object({ name: z.string() })]).parse(rows);
  const found = async (q: string) =>
    (await searchCapsules({ ctx: world.ctx, input: { ...page, q } })).items.map((listing) => listing.name);
  expect(await found(name.slice(3, 20).toUpperCase())).toEqual([name]);
  expect(await found(name.slice(7, 20))).toEqual([name]);
  expect(await found('me')).toHaveLength(page.limit);
  for (const q of ['%', '_', '\\', `${name.slice(7, 20)}%`, `${name.slice(7, 20)}_`])
    expect(await found(q)).toEqual([]);
});

test.each<[what: string, index: string, read: (ctx: Ctx) => Promise<unknown>]>([
  ['runs', 'runs_tenant', (ctx) => listRuns({ ctx, input: page })],
  ['runs of a capsule', 'runs_tenant_capsule', (ctx) => listRuns({ ctx, input: { ...page, capsule: world.capsule } })],
  [
    'deliveries',
    'webhook_deliveries_webhook',
    (ctx) => listDeliveries({ ctx, input: { id: webhookOf(world.tenantId), query: { ...page, state: undefined } } }),
  ],
  ['the catalogue', 'catalogue_capsules_updated', (ctx) => searchCapsules({ ctx, input: page })],
  [
    'the rest of the catalogue',
    'catalogue_capsules_updated',
    async (ctx) => {
      const { next } = await searchCapsules({ ctx, input: page });
      return searchCapsules({ ctx, input: { ...page, cursor: next ?? undefined } });
    },
  ],
])('a page of %s is read off the index %s, however much there is', async (_, index, read) => {
  const plan = await planOf(read);
  expect(plan).toContain(`using ${index} on`);
  expect(plan).not.toContain('Sort');
});
