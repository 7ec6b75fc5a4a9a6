import { and, eq, isNull, sql } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import { stateKeyOf } from '#contracts/stored-object';
import type { Transaction } from '#db/postgres/client';
import { installationStateEntries, storedObjects } from '#db/postgres/schema/index';

/** Forgets what the runs of an installation kept, and answers how many keys that were. Whoever calls this holds the installation's row. */
export async function forgetState(tx: Transaction, installationId: InstallationId, at: Date): Promise<number> {
  const gone = await tx
    .delete(installationStateEntries)
    .where(eq(installationStateEntries.installationId, installationId))
    .returning({ key: installationStateEntries.key });
  await tx
    .update(storedObjects)
    .set({ storedUntil: sql`greatest(${storedObjects.storedFrom}, ${at.toISOString()}::timestamptz)` })
    .where(and(eq(storedObjects.key, stateKeyOf(installationId)), isNull(storedObjects.storedUntil)));
  return gone.length;
}
