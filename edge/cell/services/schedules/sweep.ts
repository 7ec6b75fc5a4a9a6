import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf } from '#contracts/ids';
import { Json } from '#contracts/json';

import type { Platform } from '../../context.ts';
import { eachOf } from '../each-of.ts';
import { type DueSchedule, fire } from './fire.ts';

const BATCH = 100;
const MOST_BATCHES = 20;
const AT_ONCE = 8;
/** Longer than a batch takes: what was claimed by a sweep that died is claimed again after this. */
const LEASE = '50 seconds';

const Due = z.object({
  id: idOf('sch'),
  tenant: z.object({ id: idOf('ten'), handle: z.string() }),
  installationId: idOf('ins'),
  cron: z.string(),
  zone: z.string(),
  input: Json,
  overlap: z.enum(['skip', 'allow']),
  nextAt: z.string().transform((text) => new Date(text)),
  revision: z.int(),
});

export interface Swept {
  readonly failures: readonly { readonly scheduleId: string; readonly error: unknown }[];
}

/** Deals with every schedule that has come due. What fails stays due and is found by the next sweep; one does not hold up another. */
export async function sweepSchedules(platform: Platform): Promise<Swept> {
  const failures: { scheduleId: string; error: unknown }[] = [];
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const due = await claim(platform);
    await eachOf(due, AT_ONCE, async (schedule) => {
      try {
        await fire(platform, schedule);
      } catch (error) {
        failures.push({ scheduleId: schedule.id, error });
      }
    });
    if (due.length < BATCH) break;
  }
  return { failures };
}

/** The lease spares two sweeps the same work, and lets those wait their turn that make a sweep fail; it is not what keeps an instant from two runs. */
async function claim({ db }: Platform): Promise<DueSchedule[]> {
  const { rows } = await db.execute(sql`
    update schedules set leased_until = now() + ${LEASE}::interval
    where id in (
      select id from schedules
      where next_at <= now() and (leased_until is null or leased_until < now())
      order by leased_until nulls first, next_at limit ${BATCH}::int
      for update skip locked
    )
    returning id, installation_id as "installationId", cron, zone, input, overlap, revision,
      to_char(next_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "nextAt",
      (select json_build_object('id', id, 'handle', handle) from tenants where tenants.id = schedules.tenant_id) as tenant`);
  return z.array(Due).parse(rows);
}
