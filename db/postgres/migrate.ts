import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import { z } from 'zod';

/** Any number, as long as every migrator of a database uses the same. */
const ADVISORY_LOCK = 7_266_002;

/** A database that was just made is slow to answer at first. */
const CONNECT_WITHIN_MS = 30_000;

const Journal = z.object({ entries: z.array(z.object({ when: z.int() })).min(1) });
const Applied = z.object({ last: z.coerce.number().nullable() });

/** Brings a Postgres up to date with `db/migrations`; two that do it at once take turns. */
export async function migratePostgres(root: string, connectionString: string): Promise<void> {
  const migrationsFolder = join(root, 'db/migrations');
  const client = new Client({ connectionString, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  // A connection that breaks fails the query under way, and nothing else of this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    if ((await lastApplied(client)) >= (await newest(migrationsFolder))) return;
    // Loaded where there is something to do: it takes longer than everything else here.
    const [{ drizzle }, { migrate }] = await Promise.all([
      import('drizzle-orm/node-postgres'),
      import('drizzle-orm/node-postgres/migrator'),
    ]);
    await migrate(drizzle(client), { migrationsFolder }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Error(`the migrations do not apply to this database: ${String(cause)}`, { cause: error });
    });
  } finally {
    await client.end();
  }
}

/** When the newest applied migration was made, as the migrator keeps it; 0 in an empty database. */
async function lastApplied(client: Client): Promise<number> {
  const found = await client.query(`select to_regclass('drizzle.__drizzle_migrations') is not null as "isThere"`);
  if (!z.array(z.object({ isThere: z.boolean() })).parse(found.rows)[0]?.isThere) return 0;
  const applied = await client.query('select max(created_at) as last from drizzle.__drizzle_migrations');
  return z.array(Applied).parse(applied.rows)[0]?.last ?? 0;
}

async function newest(migrationsFolder: string): Promise<number> {
  const { entries } = Journal.parse(JSON.parse(await readFile(join(migrationsFolder, 'meta/_journal.json'), 'utf8')));
  return Math.max(...entries.map(({ when }) => when));
}
