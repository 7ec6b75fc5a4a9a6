import { and, asc, eq, inArray, isNull, lt, sql } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import { datasetKey } from '#contracts/stored-object';
import type { Transaction } from '#db/postgres/client';
import { datasetParts, storedObjects } from '#db/postgres/schema/index';

/** Most parts, one of each run, that one transaction forgets. */
export const MOST_PARTS = 5_000;

export interface Forgotten {
  readonly runs: number;
  readonly rows: number;
}

interface Which {
  readonly installationId: InstallationId;
  readonly name: string;
  /** Only what has expired by then. */
  readonly expiredBefore?: Date;
}

/**
 * Forgets the oldest parts of a data set and marks their objects, which the sweep deletes. A part whose rows are still on their way to the
 * bucket is forgotten too: `recordRunCollected` marks what comes after all.
 */
export async function forgetParts(tx: Transaction, which: Which, at: Date): Promise<Forgotten> {
  const { installationId, name, expiredBefore } = which;
  const isMeant = and(
    eq(datasetParts.installationId, installationId),
    eq(datasetParts.name, name),
    expiredBefore && lt(datasetParts.expiresAt, expiredBefore),
  );
  const oldest = tx
    .select({ runId: datasetParts.runId })
    .from(datasetParts)
    .where(isMeant)
    .orderBy(asc(datasetParts.runId))
    .limit(MOST_PARTS);
  const gone = await tx
    .delete(datasetParts)
    .where(and(isMeant, inArray(datasetParts.runId, oldest)))
    .returning({ tenantId: datasetParts.tenantId, runId: datasetParts.runId, rows: datasetParts.rows });
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
  return { runs: gone.length, rows: gone.reduce((sum, { rows }) => sum + rows, 0) };
}
