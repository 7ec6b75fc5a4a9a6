import { and, eq, sql } from 'drizzle-orm';

import type { Transaction } from '#db/postgres/client';
import { artifacts, runs } from '#db/postgres/schema/index';

import type { InstallationRow } from '../installations/view.ts';

/** Days after the end of their run, for the files of an installation that are there; null: as the version of that run says. */
export async function keepFilesFor(
  tx: Transaction,
  { id, tenantId, capsule }: InstallationRow,
  days: number | null,
): Promise<void> {
  await tx
    .update(artifacts)
    .set({
      expiresAt: sql`${runs.endedAt} + make_interval(hours => 24 * coalesce(${days}::int, ${artifacts.retentionDays}))`,
    })
    .from(runs)
    .where(
      and(
        eq(runs.id, artifacts.runId),
        eq(runs.installationId, id),
        // Every run of the installation is one of this tenant and capsule, and by these there is an index.
        eq(runs.tenantId, tenantId),
        eq(runs.capsule, capsule),
      ),
    );
}
