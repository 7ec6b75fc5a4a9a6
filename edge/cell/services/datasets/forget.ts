import { and, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf, type InstallationId } from '#contracts/ids';
import { datasetKey } from '#contracts/stored-object';
import type { Transaction } from '#db/postgres/client';
import { storedObjects } from '#db/postgres/schema/index';

import { isBehind } from '../retention/is-behind.ts';

/** Most parts, one of each run, that one transaction looks at. */
export const MOST_PARTS = 5_000;

export interface Forgotten {
  readonly runs: number;
  readonly rows: number;
}

interface Which {
  readonly installationId: InstallationId;
  readonly name: string;
  /** Only what has expired by then; whoever says so holds the installation (`installationLock`). */
  readonly expiredBefore?: Date;
}

const Gone = z.array(z.object({ tenantId: idOf('ten'), runId: idOf('run'), rows: z.int() }));

/**
 * Forgets the oldest parts of a data set and marks their objects, which the sweep deletes. A part whose rows are still on their way to the
 * bucket is forgotten too: `recordRunCollected` marks what comes after all.
 */
export async function forgetParts(tx: Transaction, which: Which, at: Date): Promise<Forgotten> {
  const { installationId, name, expiredBefore } = which;
  const isOver = expiredBefore
    ? sql`and expires_at < ${expiredBefore.toISOString()}::timestamptz and not ${isBehind('dataset', installationId)}`
    : sql``;
  // Found once, and deleted by their keys: a plan made from old statistics would else look for them anew at every row.
  const { rows } = await tx.execute(sql`
    with oldest as materialized (
      select run_id, name from dataset_parts
      where installation_id = ${installationId} and name = ${name} ${isOver}
      order by run_id limit ${MOST_PARTS}
    )
    delete from dataset_parts part using oldest
    where part.run_id = oldest.run_id and part.name = oldest.name
    returning part.tenant_id as "tenantId", part.run_id as "runId", part.rows`);
  const gone = Gone.parse(rows);
  if (gone.length > 0) {
    const keys = gone.map(({ tenantId, runId }) => datasetKey(tenantId, runId, name));
    await tx
      .update(storedObjects)
      .set({ orphanedAt: sql`greatest(${storedObjects.storedFrom}, ${at.toISOString()}::timestamptz)` })
      .where(
        and(
          sql`${storedObjects.key} = any(${sql.param(keys)}::text[])`,
          isNull(storedObjects.storedUntil),
          isNull(storedObjects.orphanedAt),
        ),
      );
  }
  return { runs: gone.length, rows: gone.reduce((sum, each) => sum + each.rows, 0) };
}
