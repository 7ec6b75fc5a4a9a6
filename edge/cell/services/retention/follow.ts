import { and, eq } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import type { ExpiringKind } from '#contracts/stored-object';
import type { Transaction } from '#db/postgres/client';
import { retentionBacklog } from '#db/postgres/schema/index';

import { filesFollowRetention } from '../artifacts/follow-retention.ts';
import { rowsFollowRetention } from '../datasets/follow-retention.ts';

const FOLLOW = { artifact: filesFollowRetention, dataset: rowsFollowRetention };

export interface Following {
  readonly installationId: InstallationId;
  readonly kind: ExpiringKind;
}

/**
 * Lets what is there follow what its installation says, from this transaction on, of how long it is kept: a bounded number of files or rows
 * at once; the sweep goes on with the rest. The caller holds the installation's row (`installationLock`).
 */
export async function followRetention(tx: Transaction, following: Following, changedAt: Date): Promise<void> {
  const beginning = { pastName: '', pastRunId: '', changedAt };
  await tx
    .insert(retentionBacklog)
    .values({ ...following, ...beginning })
    .onConflictDoUpdate({ target: [retentionBacklog.installationId, retentionBacklog.kind], set: beginning });
  await followFurther(tx, following);
}

/** One step, and whether it was the last; it is nobody's step where somebody else takes it at this moment. */
export async function followFurther(tx: Transaction, { installationId, kind }: Following): Promise<boolean> {
  const isIt = and(eq(retentionBacklog.installationId, installationId), eq(retentionBacklog.kind, kind));
  const [past] = await tx.select().from(retentionBacklog).where(isIt).for('update', { skipLocked: true });
  if (!past) return true;
  const next = await FOLLOW[kind](tx, installationId, past);
  await (next ? tx.update(retentionBacklog).set(next).where(isIt) : tx.delete(retentionBacklog).where(isIt));
  return next === null;
}
