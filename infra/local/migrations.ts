import { join } from 'node:path';

import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';

/** Any number, as long as every migrator of a database uses the same. */
const ADVISORY_LOCK = 7_266_002;

/** Brings a Postgres up to date with `db/migrations`; two that do it at once take turns. */
export async function migratePostgres(root: string, connectionString: string): Promise<void> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await migrate(drizzle(client), { migrationsFolder: join(root, 'db/migrations') }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Error(`the migrations do not apply to this database: ${String(cause)}`, { cause: error });
    });
  } finally {
    await client.end();
  }
}
