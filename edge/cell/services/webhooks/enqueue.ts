import { type SQL, sql } from 'drizzle-orm';

import type { Ctx } from '../../context.ts';

/**
 * The insertion of one delivery for every webhook that wants to hear of the run's end, for the statement that records it. `ended`
 * names that statement's rows of runs that have just ended. Ids sort by time, as all ids do.
 */
export function enqueueRunEnded({ tenant }: Ctx): SQL {
  return sql`
    insert into webhook_deliveries (id, tenant_id, webhook_id, event, run_id, state, next_attempt_at, created_at)
    select 'dlv_' || lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0')
        || right(replace(gen_random_uuid()::text, '-', ''), 20),
      hook.tenant_id, hook.id, 'run.ended', ended.id, 'pending', now(), now()
    from ended join webhooks hook on hook.tenant_id = ${tenant.id} and hook.disabled_at is null
      and 'run.ended' = any(hook.events)
      and (hook.installation_id is null or hook.installation_id = ended.installation_id)`;
}
