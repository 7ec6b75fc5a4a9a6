import { and, eq, isNull } from 'drizzle-orm';

import { CreateSchedule, type Schedule } from '#contracts/api/schedules';
import { Conflict, NotFound } from '#contracts/errors';
import { type InstallationId, newId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { installations, schedules } from '#db/postgres/schema/index';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { isUniqueViolation } from '../postgres-errors.ts';
import { prepareAnew } from '../runs/prepare.ts';
import { validateInput } from '../runs/validate-input.ts';
import { takeTurn } from '../tenants/take-turn.ts';
import { transact } from '../transact.ts';
import { findSchedule } from './find.ts';
import { storedInput } from './stored-input.ts';
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
  const { release } = await prepareAnew(ctx, { installation });
  validateInput(release, given.input);

  const now = ctx.now();
  const row = {
    ...given,
    id: newId('sch'),
    input: storedInput(given.input),
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
    await holdInstallation(tx, ctx, installation);
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

/** Whoever removes it meanwhile waits until this commits, and disables what was made. @throws NotFound it was removed since it was looked at */
async function holdInstallation(tx: Transaction, { tenant }: Ctx, id: InstallationId): Promise<void> {
  const held = await tx
    .select({ id: installations.id })
    .from(installations)
    .where(and(eq(installations.id, id), eq(installations.tenantId, tenant.id), isNull(installations.removedAt)))
    .for('share');
  if (held.length === 0) throw new NotFound('installation');
}
