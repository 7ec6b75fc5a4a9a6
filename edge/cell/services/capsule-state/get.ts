import { asc, eq } from 'drizzle-orm';

import type { InstallationState } from '#contracts/api/capsule-state';
import type { InstallationId } from '#contracts/ids';
import { installationStateEntries, installationStates } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { findInstallation } from '../installations/find.ts';

/** @throws NotFound */
export async function getState({ ctx, input }: Verb<{ readonly id: InstallationId }>): Promise<InstallationState> {
  requirePermission(ctx, 'installations:read');
  const { id } = await findInstallation(ctx, input.id);
  // One statement: revision and entries are of the same moment.
  const rows = await ctx.db
    .select({ now: installationStates.revision, entry: installationStateEntries })
    .from(installationStates)
    .leftJoin(installationStateEntries, eq(installationStateEntries.installationId, installationStates.installationId))
    .where(eq(installationStates.installationId, id))
    .orderBy(asc(installationStateEntries.key));
  const items = rows.flatMap(({ entry }) => (entry ? [entryView(entry)] : []));
  return { revision: rows[0]?.now ?? 0, sizeBytes: items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), items };
}

function entryView({
  key,
  value,
  sizeBytes,
  revision,
  updatedAt,
}: typeof installationStateEntries.$inferSelect): InstallationState['items'][number] {
  return { key, value, sizeBytes, revision, updatedAt: updatedAt.toISOString() };
}
