import { sql } from 'drizzle-orm';

import { Unavailable } from '#contracts/errors';

import { openClickHouse } from '../../clients/clickhouse.ts';
import { openRedis } from '../../clients/redis.ts';
import type { Platform, VerbWithoutInput } from '../../context.ts';
import { trustedIssuers } from '../tokens/issuers.ts';

const TIMEOUT_MS = 2_000;

export type Stores = 'postgres' | 'clickhouse' | 'redis' | 'bucket';

export interface Readiness {
  readonly isReady: boolean;
  readonly checks: Record<Stores, 'ok' | 'down'> & { readonly issuers: 'ok' | 'invalid' };
}

/** Asks each store of the cell for a sign of life, all at once and each within two seconds, and looks whether its configuration makes sense. */
export async function readiness({ ctx: { db, env } }: VerbWithoutInput<Platform>): Promise<Readiness> {
  const [postgres, clickhouse, redis, bucket] = await Promise.all([
    answers(db.execute(sql`select 1`)),
    answers(pingClickHouse(env)),
    answers(openRedis(env).ping()),
    answers(env.BLOBS.head('readyz')),
  ]);
  const checks = { postgres, clickhouse, redis, bucket, issuers: issuersOf(env) };
  return { isReady: Object.values(checks).every((check) => check === 'ok'), checks };
}

function issuersOf(env: Platform['env']): 'ok' | 'invalid' {
  try {
    trustedIssuers(env);
    return 'ok';
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.error(JSON.stringify({ level: 'error', cell: env.CELL, cause: String(error.cause) }));
    return 'invalid';
  }
}

async function pingClickHouse(env: Platform['env']): Promise<void> {
  const ping = await openClickHouse(env, TIMEOUT_MS).ping();
  if (!ping.success) throw ping.error;
}

async function answers(sign: Promise<unknown>): Promise<'ok' | 'down'> {
  const { promise, resolve } = Promise.withResolvers<'down'>();
  const timer = setTimeout(() => resolve('down'), TIMEOUT_MS);
  try {
    return await Promise.race([
      sign.then(
        () => 'ok' as const,
        () => 'down' as const,
      ),
      promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
