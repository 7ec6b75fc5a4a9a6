import { and, desc, eq, gte, lt } from 'drizzle-orm';

import { RunQuery, type RunSummary } from '#contracts/api/runs';
import { runs } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { idPage, readIdCursor } from '../id-page.ts';
import { SUMMARY_COLUMNS, summaryView } from './view.ts';

export interface RunPage {
  readonly items: RunSummary[];
  readonly next: string | null;
}

/** The tenant's runs, newest first. */
export async function listRuns({ ctx, input }: Verb<RunQuery>): Promise<RunPage> {
  requirePermission(ctx, 'runs:read');
  const { cursor, limit, state, capsule, since } = RunQuery.parse(input);
  const rows = await ctx.db
    .select(SUMMARY_COLUMNS)
    .from(runs)
    .where(
      and(
        eq(runs.tenantId, ctx.tenant.id),
        state && eq(runs.state, state),
        capsule === undefined ? undefined : eq(runs.capsule, capsule),
        since === undefined ? undefined : gte(runs.createdAt, new Date(since)),
        cursor === undefined ? undefined : lt(runs.id, readIdCursor('run', cursor)),
      ),
    )
    .orderBy(desc(runs.id))
    .limit(limit + 1);
  return idPage(rows, limit, (row) => summaryView(row, ctx.cell));
}
