import { Pool } from 'pg';

import type { Cell } from '#contracts/cells';
import { eachCell } from '#local/cells';

export const TRUST_DOMAIN = 'soma.test';

/** What can be seen of an edge without stopping or configuring any of it. */
export interface EdgeView {
  readonly url: string;
  readonly cellUrls: Readonly<Record<Cell, string>>;
  /** Straight into a cell's database, to see what the API does not show. */
  readonly databases: Readonly<Record<Cell, Pool>>;
  /** What a cell seals secrets with. */
  readonly dataKeys: Readonly<Record<Cell, string>>;
  close(): Promise<void>;
}

export function openDatabases(urls: Readonly<Record<Cell, string>>): Record<Cell, Pool> {
  return eachCell((cell) => {
    const pool = new Pool({ connectionString: urls[cell], max: 2 });
    // A server that is stopped on purpose ends the connections that lie idle here.
    pool.on('error', () => undefined);
    return pool;
  });
}

export async function closeDatabases(databases: Readonly<Record<Cell, Pool>>): Promise<void> {
  await Promise.all(Object.values(databases).map((pool) => pool.end()));
}
