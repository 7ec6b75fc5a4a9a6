import { sql } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';

import { type Cursor, nextCursor } from '../retention/cursor.ts';

/** Each leaves at most `ARTIFACT_LIMITS.maxFiles`. */
const MOST_RUNS = 500;

/** Lets the files of an installation's next runs expire when it says by now, and answers where to go on; null: those were the last. */
export async function filesFollowRetention(tx: Transaction, id: InstallationId, past: Cursor): Promise<Cursor | null> {
  const expiresAt = sql`next.ended_at + make_interval(hours => 24 * coalesce(next.days, file.retention_days))`;
  const { rows } = await tx.execute(sql`
    with next as (
      select run.id, run.ended_at, run.installation_id, installation.artifact_retention_days as days
      from installations installation
      -- Every run of the installation is one of its tenant and capsule, and by these there is an index.
      join runs run on run.tenant_id = installation.tenant_id and run.capsule = installation.capsule
      where installation.id = ${id} and run.id > ${past.pastRunId}
      order by run.id limit ${MOST_RUNS}
    ), told as (
      update artifacts file set expires_at = ${expiresAt}
      from next
      where file.run_id = next.id and next.installation_id = ${id} and file.expires_at is distinct from ${expiresAt}
    )
    select '' as "pastName", id as "pastRunId" from next order by id offset ${MOST_RUNS - 1}`);
  return nextCursor(rows);
}
