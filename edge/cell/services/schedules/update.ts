import { and, eq, sql } from 'drizzle-orm';

import { type Schedule, UpdateSchedule } from '#contracts/api/schedules';
import { Conflict, NotFound } from '#contracts/errors';
import type { ScheduleId } from '#contracts/ids';
import { schedules } from '#db/postgres/schema/index';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { prepareAnew } from '../runs/prepare.ts';
import { validateInput } from '../runs/validate-input.ts';
import { transact } from '../transact.ts';
import { findSchedule } from './find.ts';
import { storedInput } from './stored-input.ts';
import { nextInstants, readTimetable } from './timetable.ts';

export interface UpdateInput {
  readonly id: ScheduleId;
  readonly change: UpdateSchedule;
}

/**
 * Changes a schedule. A new time table, or enabling it, counts from now on: nothing that was due before is made up for. An
 * installation that could not run now does not keep it from being changed or disabled.
 *
 * @throws NotFound · InvalidInput · Conflict changed meanwhile · what `prepare` throws, for a new input and where it is enabled
 */
export async function updateSchedule({ ctx, input }: Verb<UpdateInput>): Promise<Schedule> {
  requirePermission(ctx, 'schedules:write');
  requirePermission(ctx, 'runs:write');
  const { enabled, ...change } = UpdateSchedule.parse(input.change);
  const before = await findRow(ctx, input.id);
  const { cron = before.cron, zone = before.zone, overlap = before.overlap } = change;
  const { installationId } = before;
  const timetable = readTimetable({ cron, zone });
  const isEnabled = enabled ?? before.isEnabled;
  const isTurnedOn = isEnabled && !before.isEnabled;
  if (change.input !== undefined || isTurnedOn) {
    const { release } = await prepareAnew(ctx, { installation: installationId });
    validateInput(release, change.input ?? before.input);
  }

  const now = ctx.now();
  const isNewTable = cron !== before.cron || zone !== before.zone || !before.isEnabled;
  // Where the table stays as it is the next instant is the cron's: it may have moved on since `before` was read.
  const nextAt = isNewTable ? (nextInstants(timetable, now, 1)[0] ?? null) : schedules.nextAt;
  await transact(ctx, async (tx) => {
    const [after] = await tx
      .update(schedules)
      .set({
        cron,
        zone,
        overlap,
        isEnabled,
        ...(change.input === undefined ? {} : { input: storedInput(change.input) }),
        nextAt: isEnabled ? nextAt : null,
        leasedUntil: null,
        revision: sql`${schedules.revision} + 1`,
        updatedAt: now,
      })
      .where(and(eq(schedules.id, before.id), eq(schedules.revision, before.revision)))
      .returning({ id: schedules.id });
    if (!after) throw new Conflict('the schedule was changed meanwhile; read it again');
    await recordAudit(tx, ctx, {
      action: 'schedule.update',
      target: before.id,
      details: { name: before.name, cron, zone, overlap, enabled: isEnabled, isNewInput: change.input !== undefined },
    });
  });
  return findSchedule(ctx, input.id);
}

async function findRow(ctx: Ctx, id: ScheduleId) {
  const [row] = await ctx.db
    .select()
    .from(schedules)
    .where(and(eq(schedules.id, id), eq(schedules.tenantId, ctx.tenant.id)));
  if (!row) throw new NotFound('schedule');
  return row;
}
