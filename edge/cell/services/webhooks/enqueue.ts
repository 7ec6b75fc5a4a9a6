import { type SQL, sql } from 'drizzle-orm';

import { MOST_PENDING_DELIVERIES } from '#contracts/api/webhooks';

import type { Ctx } from '../../context.ts';

/**
 * The insertion of one delivery for every webhook that wants to hear of the run's end, for the statement that records it. `ended`
 * names that statement's rows of runs that have just ended. Ids sort by time, as all ids do.
 *
 * Where too many wait already the delivery is dead from the start: there is a row of it, which tells so and can be retried. Ends that are
 * recorded at the same moment do not see each other's, so that a few more than the limit may wait.
 */
export function enqueueRunEnded({ tenant }: Ctx): SQL {
  return sql`
    insert into webhook_deliveries (id, tenant_id, webhook_id, event, run_id, state, dead_cause, last_error,
      next_attempt_at, created_at)
    select 'dlv_' || lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0')
        || right(replace(gen_random_uuid()::text, '-', ''), 20),
      hook.tenant_id, hook.id, 'run.ended', ended.id,
      case when is_full then 'dead' else 'pending' end, case when is_full then 'too_many_pending' end,
      case when is_full then ${`${MOST_PENDING_DELIVERIES} messages were waiting already`} end, now(), now()
    from ended join webhooks hook on hook.tenant_id = ${tenant.id} and hook.disabled_at is null
      and 'run.ended' = any(hook.events)
      and (hook.installation_id is null or hook.installation_id = ended.installation_id)
    cross join lateral (select count(*) >= ${MOST_PENDING_DELIVERIES}::int as is_full from (
      select from webhook_deliveries where webhook_id = hook.id and state = 'pending'
      limit ${MOST_PENDING_DELIVERIES}::int
    ) waiting) room`;
}
