import { type SQL, sql } from 'drizzle-orm';

import { deviceCodes, idempotencyKeys, sessions, signingKeys } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { inBatches } from '../in-batches.ts';

const BATCH = 5_000;

/** A key that no longer signs is good for verifying for a day; a day more, and its private half is gone too. */
const SIGNING_KEY_KEPT = '2 days';
const IDEMPOTENCY_KEY_KEPT = '30 days';

/** Deletes what no longer counts: sessions, codes of devices, signing keys, and idempotency keys that nobody comes back with. */
export async function sweepAccounts(platform: Platform): Promise<{ readonly failures: readonly { error: unknown }[] }> {
  const now = sql`${platform.now().toISOString()}::timestamptz`;
  const over = [
    [sessions, sql`${sessions.expiresAt} < ${now}`],
    [deviceCodes, sql`${deviceCodes.expiresAt} < ${now}`],
    [signingKeys, sql`${signingKeys.expiresAt} < ${now} - ${SIGNING_KEY_KEPT}::interval`],
    [idempotencyKeys, sql`${idempotencyKeys.createdAt} < ${now} - ${IDEMPOTENCY_KEY_KEPT}::interval`],
  ] as const;
  const failures: { error: unknown }[] = [];
  for (const [table, isOver] of over)
    await deleteSome(platform, table, isOver).catch((error: unknown) => void failures.push({ error }));
  return { failures };
}

type Swept = typeof sessions | typeof deviceCodes | typeof signingKeys | typeof idempotencyKeys;

async function deleteSome({ db }: Platform, table: Swept, isOver: SQL): Promise<void> {
  await inBatches(BATCH, async () => {
    const { rowCount } = await db.execute(sql`
      delete from ${table} where ctid in (
        select ctid from ${table} where ${isOver} limit ${BATCH}::int for update skip locked)`);
    return rowCount;
  });
}
