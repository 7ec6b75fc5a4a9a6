import { z } from 'zod';

import { type ClickHouse, type ClickHouseTarget, openClickHouse } from './client.ts';
import { CLICKHOUSE_MIGRATIONS } from './migrations.ts';

const Applied = z.object({ version: z.coerce.number() });

/**
 * Brings a region's ClickHouse up to date and says which versions it applied. Idempotent, also where two do it at once:
 * every statement is `IF NOT EXISTS`-shaped, since ClickHouse has no transaction around DDL.
 */
export async function migrateClickHouse(
  url: string,
  credentials: { readonly username: string; readonly password: string },
): Promise<number[]> {
  const target: ClickHouseTarget = { url, ...credentials };
  const client = openClickHouse(target);
  try {
    return await migrate(client);
  } finally {
    await client.close();
  }
}

async function migrate(client: ClickHouse): Promise<number[]> {
  await client.command({ query: 'CREATE DATABASE IF NOT EXISTS soma' });
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS soma.schema_migrations (
      version UInt32,
      applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree ORDER BY version`,
  });
  const applied = await appliedVersions(client);
  const pending = CLICKHOUSE_MIGRATIONS.map((statements, index) => ({ version: index + 1, statements })).filter(
    ({ version }) => !applied.has(version),
  );
  for (const { version, statements } of pending) {
    for (const query of statements) await client.command({ query });
    await client.insert({ table: 'soma.schema_migrations', values: [{ version }], format: 'JSONEachRow' });
  }
  return pending.map(({ version }) => version);
}

async function appliedVersions(client: ClickHouse): Promise<Set<number>> {
  const result = await client.query({ query: 'SELECT version FROM soma.schema_migrations', format: 'JSONEachRow' });
  const rows = Applied.array().parse(await result.json());
  return new Set(rows.map(({ version }) => version));
}
