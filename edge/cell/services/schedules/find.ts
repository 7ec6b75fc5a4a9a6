import { and, eq } from 'drizzle-orm';

import type { Schedule } from '#contracts/api/schedules';
import { NotFound } from '#contracts/errors';
import type { ScheduleId } from '#contracts/ids';
import { schedules } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import { scheduleView, selectSchedules } from './view.ts';

/** The caller's own schedule. @throws NotFound */
export async function findSchedule(ctx: Ctx, id: ScheduleId): Promise<Schedule> {
  const [row] = await selectSchedules(ctx).where(and(eq(schedules.id, id), eq(schedules.tenantId, ctx.tenant.id)));
  if (!row) throw new NotFound('schedule');
  return scheduleView(row);
}
