import { eq } from 'drizzle-orm';

import { CreateSchedule, type Schedule } from '#contracts/api/schedules';
import { Conflict } from '#contracts/errors';
import { newId } from '#contracts/ids';
import { schedules } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { isUniqueViolation } from '../postgres-errors.ts';
import { prepare } from '../runs/prepare.ts';
import { validateInput } from '../runs/validate-input.ts';
import { takeTurn } from '../tenants/take-turn.ts';
import { transact } from '../transact.ts';
import { findSchedule } from './find.ts';
import { nextInstants, readTimetable } from './timetable.ts';

const MOST_SCHEDULES = 100;

/**
 * Makes a schedule for an installation that could run now, with an input that it would take now. A name is used once, so that
 * a request sent twice makes one schedule.
 *
 * @throws InvalidInput the time table or the input · Conflict the name is in use, or there are too many · what `prepare` throws
 */
export async function createSchedule({ ctx, input }: Verb<CreateSchedule>): Promise<Schedule> {
  requirePermission(ctx, 'schedules:write');
  requirePermission(ctx, 'runs:write');
  const { installation, enabled, ...given } = CreateSchedule.parse(input);
  const timetable = readTimetable(given);
  const { release } = await prepare(ctx, { installation });
  validateInput(release, given.input);

  const now = ctx.now();
  const row = {
    ...given,
    id: newId('sch'),
    tenantId: ctx.tenant.id,
    installationId: installation,
    isEnabled: enabled,
    nextAt: enabled ? nextInstants(timetable, now, 1)[0] : null,
    createdBy: ctx.actor.id,
    createdAt: now,
    updatedAt: now,
  };
  await transact(ctx, async (tx) => {
    await takeTurn(tx, ctx.tenant.id);
    if ((await tx.$count(schedules, eq(schedules.tenantId, ctx.tenant.id))) >= MOST_SCHEDULES)
      throw new Conflict(`a tenant has at most ${MOST_SCHEDULES} schedules; remove one first`);
    await tx.insert(schedules).values(row);
    const { name, cron, zone, overlap } = given;
    await recordAudit(tx, ctx, {
      action: 'schedule.create',
      target: row.id,
      details: { name, installationId: installation, cron, zone, overlap, enabled },
    });
  }).catch((error: unknown) => {
    if (isUniqueViolation(error))
      throw new Conflict(`a schedule named ${given.name} is there already; change it or choose another name`);
    throw error;
  });
  return findSchedule(ctx, row.id);
}
