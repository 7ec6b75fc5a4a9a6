import { and, eq } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { ScheduleId } from '#contracts/ids';
import { schedules } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';

/** Removes a schedule; the runs it started stay. @throws NotFound */
export async function removeSchedule({ ctx, input }: Verb<{ readonly id: ScheduleId }>): Promise<void> {
  requirePermission(ctx, 'schedules:write');
  await transact(ctx, async (tx) => {
    const [removed] = await tx
      .delete(schedules)
      .where(and(eq(schedules.id, input.id), eq(schedules.tenantId, ctx.tenant.id)))
      .returning({ name: schedules.name });
    if (!removed) throw new NotFound('schedule');
    await recordAudit(tx, ctx, { action: 'schedule.remove', target: input.id, details: { name: removed.name } });
  });
}
