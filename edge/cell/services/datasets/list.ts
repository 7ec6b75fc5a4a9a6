import { and, asc, eq, max, min, ne, sql } from 'drizzle-orm';

import type { Dataset } from '#contracts/api/datasets';
import type { InstallationId } from '#contracts/ids';
import { datasetParts } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { findFilled } from './find-filled.ts';

const isStored = sql`(${datasetParts.state} = 'stored')`;

/** @throws NotFound */
export async function listDatasets({ ctx, input }: Verb<{ readonly id: InstallationId }>): Promise<Dataset[]> {
  requirePermission(ctx, 'runs:read');
  const { id, datasetRetentionDays } = await findFilled(ctx, input.id);
  const rows = await ctx.db
    .select({
      name: datasetParts.name,
      rows: sql`coalesce(sum(${datasetParts.rows}) filter (where ${isStored}), 0)`.mapWith(Number),
      sizeBytes: sql`coalesce(sum(${datasetParts.sizeBytes}) filter (where ${isStored}), 0)`.mapWith(Number),
      runs: sql`count(*) filter (where ${isStored})`.mapWith(Number),
      lostRuns: sql`count(*) filter (where not ${isStored})`.mapWith(Number),
      updatedAt: max(datasetParts.createdAt),
      expiresAt: min(datasetParts.expiresAt),
    })
    .from(datasetParts)
    .where(and(eq(datasetParts.installationId, id), ne(datasetParts.state, 'pending')))
    .groupBy(datasetParts.name)
    .orderBy(asc(datasetParts.name));
  // By a map: a data set may be called `constructor`.
  const stated = new Map(Object.entries(datasetRetentionDays));
  return rows.flatMap(({ updatedAt, expiresAt, ...row }) => {
    if (!updatedAt) return [];
    const retentionDays = stated.get(row.name) ?? null;
    return [{ ...row, updatedAt: updatedAt.toISOString(), expiresAt: expiresAt?.toISOString() ?? null, retentionDays }];
  });
}
