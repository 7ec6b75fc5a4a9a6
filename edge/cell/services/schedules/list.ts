import { and, desc, eq, lt } from 'drizzle-orm';

import { PageQuery } from '#contracts/api/paging';
import type { ScheduleSummary } from '#contracts/api/schedules';
import { schedules } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { readIdCursor } from '../id-page.ts';
import { selectSummaries, summaryView } from './view.ts';

export interface SchedulePage {
  readonly items: ScheduleSummary[];
  readonly next: string | null;
}

/** The tenant's schedules, newest first. */
export async function listSchedules({ ctx, input }: Verb<PageQuery>): Promise<SchedulePage> {
  requirePermission(ctx, 'schedules:read');
  const { cursor, limit } = PageQuery.parse(input);
  const rows = await selectSummaries(ctx)
    .where(
      and(
        eq(schedules.tenantId, ctx.tenant.id),
        cursor === undefined ? undefined : lt(schedules.id, readIdCursor('sch', cursor)),
      ),
    )
    .orderBy(desc(schedules.id))
    .limit(limit + 1);
  const items = rows.slice(0, limit).map(summaryView);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
