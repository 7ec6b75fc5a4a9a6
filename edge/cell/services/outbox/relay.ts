import { and, asc, eq, isNull, lte, sql } from 'drizzle-orm';

import { outbox } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { CATALOGUE_KIND } from '../catalogue/announce.ts';
import { deliverCatalogue } from '../catalogue/deliver.ts';
import { inBatches } from '../in-batches.ts';
import { deliverVerification, PUBLISHER_KIND } from '../publishers/deliver.ts';

const BATCH = 100;
/** What is not begun by then waits for the next relay: peers may hang, and whoever wakes this waits for it. */
const NO_MORE_AFTER_MS = 20_000;
/** What was delivered is looked at by nobody but who looks for a fault. */
const KEPT = '7 days';
const FORGOTTEN_AT_ONCE = 5_000;
const FIRST_RETRY_S = 1;
const LONGEST_RETRY_S = 300;
const MOST_ERROR_LENGTH = 500;

type Deliver = (platform: Platform, destination: string, payload: unknown) => Promise<void>;
const DELIVERERS: Readonly<Record<string, Deliver>> = {
  [CATALOGUE_KIND]: deliverCatalogue,
  [PUBLISHER_KIND]: deliverVerification,
};

export interface Delivered {
  readonly delivered: number;
  readonly failed: number;
}

/**
 * Delivers what is due, oldest first and at least once. What fails is tried again later and later, and for ever: a peer may be down for a day,
 * and nothing that committed is given up.
 */
// oxlint-disable-next-line soma/verb-has-beats -- hands on what was committed with its evidence
export async function relayOutbox(platform: Platform): Promise<Delivered> {
  const due = await platform.db
    .select()
    .from(outbox)
    .where(and(isNull(outbox.deliveredAt), lte(outbox.nextAttemptAt, sql`now()`)))
    .orderBy(asc(outbox.nextAttemptAt), asc(outbox.id))
    .limit(BATCH);
  const outcomes = { delivered: 0, failed: 0 };
  const startedMs = platform.now().getTime();
  for (const row of due) {
    if (platform.now().getTime() - startedMs > NO_MORE_AFTER_MS) break;
    try {
      const deliver = DELIVERERS[row.kind];
      if (!deliver) throw new Error(`nobody delivers ${row.kind}`);
      await deliver(platform, row.destination, row.payload);
      await platform.db
        .update(outbox)
        .set({ deliveredAt: sql`now()`, lastError: null })
        .where(eq(outbox.id, row.id));
      outcomes.delivered += 1;
    } catch (error) {
      await postpone(platform, row, error);
      outcomes.failed += 1;
    }
  }
  return outcomes;
}

/** Forgets what was delivered a week ago. */
export async function forgetDelivered({ db }: Platform): Promise<void> {
  await inBatches(FORGOTTEN_AT_ONCE, async () => {
    const { rowCount } = await db.execute(sql`
      delete from ${outbox} where id in (
        select id from ${outbox} where delivered_at < now() - ${KEPT}::interval
        order by delivered_at limit ${FORGOTTEN_AT_ONCE}::int)`);
    return rowCount;
  });
}

async function postpone({ db }: Platform, row: typeof outbox.$inferSelect, error: unknown): Promise<void> {
  const delayS = Math.min(FIRST_RETRY_S * 2 ** Math.min(row.attempts, 20), LONGEST_RETRY_S);
  await db
    .update(outbox)
    .set({
      attempts: sql`${outbox.attempts} + 1`,
      nextAttemptAt: sql`now() + make_interval(secs => ${delayS})`,
      lastError: String(error instanceof Error ? error.message : error).slice(0, MOST_ERROR_LENGTH),
    })
    .where(eq(outbox.id, row.id));
}
