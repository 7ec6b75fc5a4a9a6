import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf, type TenantId } from '#contracts/ids';

import type { Platform } from '../../context.ts';

const BATCH = 40;
/** So that one receiver that hangs leaves room for the others. */
const BATCH_OF_ONE_WEBHOOK = 4;
/** Longer than an attempt takes: what was claimed by a worker that died is sent again after this. */
const LEASE = '60 seconds';

const Due = z.object({
  id: idOf('dlv'),
  webhookId: idOf('whk'),
  event: z.enum(['run.ended', 'ping']),
  runId: idOf('run').nullable(),
  attempts: z.int(),
  failures: z.int(),
  createdAt: z.string().transform((text) => new Date(text)),
  tenant: z.object({ id: idOf('ten'), handle: z.string() }),
  url: z.string(),
  secrets: z.array(z.object({ sealed: z.string(), expiresAt: z.string().nullable() })),
});
export type DueDelivery = z.infer<typeof Due>;

/** Takes what is due, of these tenants or of all, and puts it off for as long as an attempt may take. */
export async function claimDeliveries({ db }: Platform, tenantIds?: readonly TenantId[]): Promise<DueDelivery[]> {
  const ofTenants = tenantIds ? sql`and hook.tenant_id = any(${sql.param([...tenantIds])}::text[])` : sql``;
  const { rows } = await db.execute(sql`
    with due as (
      select next.id from webhooks hook cross join lateral (
        select id, next_attempt_at from webhook_deliveries
        where webhook_id = hook.id and state = 'pending' and next_attempt_at <= now()
        order by next_attempt_at limit ${BATCH_OF_ONE_WEBHOOK}::int
      ) next
      where hook.disabled_at is null ${ofTenants}
      order by next.next_attempt_at limit ${BATCH}::int
    ), mine as (
      select id from webhook_deliveries where id in (select id from due) and state = 'pending' and next_attempt_at <= now()
      for update skip locked
    )
    update webhook_deliveries d set next_attempt_at = now() + ${LEASE}::interval
    from mine, webhooks hook, tenants
    where d.id = mine.id and hook.id = d.webhook_id and tenants.id = d.tenant_id
    returning d.id, d.webhook_id as "webhookId", d.event, d.run_id as "runId", d.attempts, d.failures,
      to_char(d.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
      json_build_object('id', tenants.id, 'handle', tenants.handle) as tenant, hook.url, hook.secrets`);
  return z.array(Due).parse(rows);
}
