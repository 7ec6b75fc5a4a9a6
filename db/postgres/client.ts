import { neon, neonConfig, Pool, type PoolClient } from '@neondatabase/serverless';
import { drizzle as drizzleHttp } from 'drizzle-orm/neon-http';
import { drizzle as drizzleWebSocket } from 'drizzle-orm/neon-serverless';

import { BoundedMap } from '#contracts/bounded-map';

import * as schema from './schema/index.ts';

const options = { schema, casing: 'snake_case' } as const;

/** A cell has one; tests have some. */
const DATABASES_OPEN = 8;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 20_000;

neonConfig.fetchFunction = (url: string, init: RequestInit) =>
  fetch(url, { ...init, signal: AbortSignal.timeout(STATEMENT_TIMEOUT_MS) });

export type Database = ReturnType<typeof drizzleHttp<typeof schema>>;

/** Drizzle derives every table anew for each instance, which takes longer than a statement; it holds no connection. */
const opened = new BoundedMap<string, Database>(DATABASES_OPEN);

/** One statement a call, over HTTP: the hot path. `transaction()` throws here; use `transaction` below. */
export function openDatabase(connectionString: string, localProxy?: string): Database {
  useLocalProxy(localProxy);
  const known = opened.get(connectionString);
  if (known) return known;
  const database = drizzleHttp(neon(connectionString), options);
  opened.set(connectionString, database);
  return database;
}

/** An interactive transaction over a WebSocket of its own (about 20 ms): for what a person clicks, not for the hot path. */
export async function transaction<T>(
  connectionString: string,
  localProxy: string | undefined,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  useLocalProxy(localProxy);
  const pool = new Pool({
    connectionString,
    max: 1,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  // A connection that breaks fails the statement that waits on it; unheard, its event would fail everything else here.
  pool.on('connect', (client: PoolClient) => client.on('error', () => undefined));
  pool.on('error', () => undefined);
  try {
    return await drizzleWebSocket(pool, options).transaction(work);
  } finally {
    await pool.end();
  }
}
type WebSocketDatabase = ReturnType<typeof drizzleWebSocket<typeof schema>>;
export type Transaction = Parameters<Parameters<WebSocketDatabase['transaction']>[0]>[0];

/** Points the driver at the local doors that speak Neon's protocol in front of a plain Postgres. */
function useLocalProxy(localProxy: string | undefined): void {
  if (localProxy === undefined) return;
  neonConfig.fetchEndpoint = () => `http://${localProxy}/sql`;
  neonConfig.wsProxy = () => `${localProxy}/v2`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
  neonConfig.pipelineConnect = 'password';
}
