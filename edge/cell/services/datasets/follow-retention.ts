import { sql } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';

import { type Cursor, nextCursor } from '../retention/cursor.ts';
import { rowsExpireAt } from './expiry.ts';
import { MOST_PARTS } from './forget.ts';

/** Lets the next rows of an installation expire when it says by now, and answers where to go on; null: those were the last. */
export async function rowsFollowRetention(tx: Transaction, id: InstallationId, past: Cursor): Promise<Cursor | null> {
  const expiresAt = rowsExpireAt({
    createdAt: sql`part.created_at`,
    installationDays: sql`(installation.dataset_retention_days ->> part.name)::int`,
    capsuleDays: sql`part.retention_days`,
    removedAt: sql`installation.removed_at`,
  });
  const { rows } = await tx.execute(sql`
    with next as (
      select name, run_id from dataset_parts
      where installation_id = ${id} and (name, run_id) > (${past.pastName}, ${past.pastRunId})
      order by name, run_id limit ${MOST_PARTS}
    ), told as (
      update dataset_parts part set expires_at = ${expiresAt}
      from next, installations installation
      where part.run_id = next.run_id and part.name = next.name and installation.id = ${id}
        and part.expires_at is distinct from ${expiresAt}
    )
    select name as "pastName", run_id as "pastRunId" from next order by name, run_id offset ${MOST_PARTS - 1}`);
  return nextCursor(rows);
}
