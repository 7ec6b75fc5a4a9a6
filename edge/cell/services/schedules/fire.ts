import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';

import type { ScheduleOutcome } from '#contracts/api/schedules';
import { DomainError } from '#contracts/errors';
import type { InstallationId, ScheduleId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';

import { actorOf, type Ctx, type Platform } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { Declined, launch } from '../runs/launch.ts';
import { writeOnce } from '../write-once.ts';
import { dueInstant, nextInstants, readTimetable } from './timetable.ts';

/** A schedule that has come due, as it was when it was claimed. */
export interface DueSchedule {
  readonly id: ScheduleId;
  readonly tenant: Ctx['tenant'];
  readonly installationId: InstallationId;
  readonly cron: string;
  readonly zone: string;
  readonly input: JsonValue;
  readonly overlap: 'skip' | 'allow';
  readonly nextAt: Date;
  readonly revision: number;
}

/** Nobody's fault but ours, and not for long: the instant stays due. */
const PASSING = new Set<DomainError['code']>(['unavailable', 'internal', 'at_capacity']);

/**
 * Deals with the latest instant that is due: starts its run, or notes why there is none. Safe to run twice at once and to die
 * anywhere: the run's idempotency key is the schedule and the instant, and the schedule moves on only from where it was.
 *
 * @throws what passes: the instant stays due, and the next sweep comes back to it
 */
export async function fire(platform: Platform, schedule: DueSchedule): Promise<void> {
  const ctx = scheduleCtx(platform, schedule);
  const timetable = readTimetable(schedule);
  const from = schedule.nextAt;
  const instant = dueInstant(timetable, { from, now: ctx.now() }) ?? from;
  const outcome = await start(ctx, schedule, instant);
  const [nextAt = null] = nextInstants(timetable, instant, 1);
  await moveOn(ctx, schedule, { outcome, nextAt });
}

function scheduleCtx(platform: Platform, { id, tenant }: DueSchedule): Ctx {
  const permissions: Ctx['permissions'] = new Set(['runs:write']);
  return { ...platform, actor: actorOf(platform, 'schedule', id), tenant, permissions, credential: 'none' };
}

async function start(ctx: Ctx, schedule: DueSchedule, due: Date): Promise<ScheduleOutcome> {
  const { id, installationId, input } = schedule;
  const instant = due.toISOString();
  const outcome = (kind: ScheduleOutcome['kind'], more: Partial<ScheduleOutcome>): ScheduleOutcome => {
    return { kind, instant, at: ctx.now().toISOString(), runId: null, code: null, detail: null, ...more };
  };
  try {
    const run = await launch(ctx, {
      selector: { installation: installationId },
      input,
      // No caller's key holds a blank: nobody can take this one first.
      idempotencyKey: `schedule ${id} ${instant}`,
      request: { schedule: id, instant },
      scheduleId: id,
      condition: conditionOf(schedule),
      details: { schedule: id, instant },
    });
    return outcome('started', { runId: run.id });
  } catch (error) {
    if (error instanceof Declined)
      return outcome('skipped', { code: 'overlap', detail: 'the run before it was still open' });
    if (!(error instanceof DomainError) || PASSING.has(error.code)) throw error;
    return outcome('refused', { code: error.code, detail: error.message });
  }
}

/** It is as it was claimed, and where runs must not overlap none of its own is open. */
function conditionOf({ id, installationId, revision, overlap }: DueSchedule): SQL {
  const isUnchanged = sql`exists (select from schedules where id = ${id} and revision = ${revision}::int)`;
  if (overlap === 'allow') return isUnchanged;
  return sql`${isUnchanged} and not exists (
    select from runs open where open.installation_id = ${installationId} and open.schedule_id = ${id}
      and open.state in ('queued', 'running'))`;
}

/**
 * What did not start is told in the tenant's log; a run that did has an entry of its own. One that was changed meanwhile has moved
 * on, and of it only the run that was started before is told.
 */
async function moveOn(
  ctx: Ctx,
  { id, nextAt: from, revision }: DueSchedule,
  { outcome, nextAt }: { readonly outcome: ScheduleOutcome; readonly nextAt: Date | null },
): Promise<void> {
  const { kind, code, instant, runId } = outcome;
  const record = auditRecord(ctx, {
    action: 'schedule.fire',
    target: id,
    outcome: 'refused',
    reason: code ?? kind,
    details: { kind, instant },
  });
  const isAsClaimed = sql`(revision = ${revision}::int and date_trunc('milliseconds', next_at) = ${from.toISOString()}::timestamptz)`;
  const isLatestStart = sql`(${kind} = 'started' and coalesce((last_outcome ->> 'instant')::timestamptz < ${instant}::timestamptz, true))`;
  await writeOnce(
    ctx,
    sql`
      with moved as (
        update schedules set
          next_at = case when ${isAsClaimed} then ${nextAt?.toISOString() ?? null}::timestamptz else next_at end,
          leased_until = case when ${isAsClaimed} then null else leased_until end,
          last_outcome = ${JSON.stringify(outcome)}::jsonb, last_run_id = coalesce(${runId}, last_run_id)
        where id = ${id} and (${isAsClaimed} or ${isLatestStart})
        returning id
      )
      insert into audit_entries (id, tenant_id, record)
      select ${record.id}, ${ctx.tenant.id}, ${JSON.stringify(record)}::jsonb from moved where ${kind} <> 'started'`,
    z.unknown(),
  );
}
