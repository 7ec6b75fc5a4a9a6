import { and, eq, isNull } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import { stateKeyOf } from '#contracts/stored-object';
import type { Transaction } from '#db/postgres/client';
import { installationStateEntries, storedObjects } from '#db/postgres/schema/index';

/** Forgets what the runs of an installation kept, with the installation itself; runs that end later keep nothing. */
export async function forgetState(tx: Transaction, installationId: InstallationId, at: Date): Promise<void> {
  await tx.delete(installationStateEntries).where(eq(installationStateEntries.installationId, installationId));
  await tx
    .update(storedObjects)
    .set({ storedUntil: at })
    .where(and(eq(storedObjects.key, stateKeyOf(installationId)), isNull(storedObjects.storedUntil)));
}
