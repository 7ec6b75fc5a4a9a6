import { and, asc, count, eq, max, sum } from 'drizzle-orm';

import type { Dataset } from '#contracts/api/datasets';
import type { InstallationId } from '#contracts/ids';
import { datasetParts } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { findInstallation } from '../installations/find.ts';

/** @throws NotFound */
export async function listDatasets({ ctx, input }: Verb<{ readonly id: InstallationId }>): Promise<Dataset[]> {
  requirePermission(ctx, 'runs:read');
  const { id } = await findInstallation(ctx, input.id);
  const rows = await ctx.db
    .select({
      name: datasetParts.name,
      rows: sum(datasetParts.rows).mapWith(Number),
      sizeBytes: sum(datasetParts.sizeBytes).mapWith(Number),
      runs: count(),
      updatedAt: max(datasetParts.createdAt),
    })
    .from(datasetParts)
    .where(and(eq(datasetParts.installationId, id), eq(datasetParts.state, 'stored')))
    .groupBy(datasetParts.name)
    .orderBy(asc(datasetParts.name));
  return rows.flatMap(({ updatedAt, ...row }) => (updatedAt ? [{ ...row, updatedAt: updatedAt.toISOString() }] : []));
}
