import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { type Ctx, type Platform, systemCtx } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { wakeRelay } from '../transact.ts';
import { writeOnce } from '../write-once.ts';
import type { DueDelivery } from './claim.ts';
import { afterFailure, MOST_DEAD_LETTERS } from './retry-rule.ts';
import type { Attempt } from './send.ts';

/** A retry that is due sooner than the sweep comes by gets a wake-up of its own. */
const SWEEP_MS = 60_000;

/** Notes how an attempt went. One that another worker has noted meanwhile, or that was retried by hand, stays as it is. */
export async function settle(platform: Platform, delivery: DueDelivery, attempt: Attempt): Promise<void> {
  const ctx = systemCtx(platform, delivery.tenant);
  if (attempt.error === null) return delivered(ctx, delivery, attempt);
  const next = afterFailure(delivery.failures + 1, attempt.status, Math.random());
  if (next.kind === 'dead') return giveUp(ctx, delivery, attempt, next.isUnwanted);
  await ctx.db.execute(sql`
    update webhook_deliveries set attempts = attempts + 1, failures = failures + 1, last_status = ${attempt.status}::int,
      last_error = ${attempt.error}, next_attempt_at = now() + make_interval(secs => ${next.delayMs / 1_000})
    where ${isAsClaimed(delivery)}`);
  if (next.delayMs < SWEEP_MS) wakeRelay(ctx, Math.ceil(next.delayMs / 1_000) + 1);
}

async function delivered({ db }: Ctx, delivery: DueDelivery, { status }: Attempt): Promise<void> {
  await db.execute(sql`
    with taken as (
      update webhook_deliveries set state = 'delivered', attempts = attempts + 1, last_status = ${status}::int,
        last_error = null, delivered_at = now()
      where ${isAsClaimed(delivery)}
      returning webhook_id
    )
    update webhooks set dead_letters = 0 from taken where webhooks.id = taken.webhook_id and dead_letters > 0`);
}

/** A webhook that takes nothing any more is disabled, and its tenant finds that in its log. */
async function giveUp(ctx: Ctx, delivery: DueDelivery, attempt: Attempt, isUnwanted: boolean): Promise<void> {
  const reason = isUnwanted ? 'it answered 410 Gone' : `${MOST_DEAD_LETTERS} messages in a row were given up`;
  const enough = isUnwanted ? 1 : MOST_DEAD_LETTERS;
  const { webhookId, id } = delivery;
  const details = { reason, delivery: id, lastError: attempt.error };
  const record = auditRecord(ctx, { action: 'webhook.disable', target: webhookId, details });
  await writeOnce(
    ctx,
    sql`
      with dead as (
        update webhook_deliveries set state = 'dead', dead_cause = ${isUnwanted ? 'gone' : 'attempts_exhausted'}, attempts = attempts + 1, failures = failures + 1,
          last_status = ${attempt.status}::int, last_error = ${attempt.error}
        where ${isAsClaimed(delivery)}
        returning webhook_id
      ), disabled as (
        update webhooks set dead_letters = dead_letters + 1,
          disabled_at = case when dead_letters + 1 >= ${enough}::int then now() end,
          disabled_reason = case when dead_letters + 1 >= ${enough}::int then ${reason} end
        from dead where webhooks.id = dead.webhook_id and disabled_at is null
        returning disabled_at
      )
      insert into audit_entries (id, tenant_id, record)
      select ${record.id}, ${ctx.tenant.id}, ${JSON.stringify(record)}::jsonb from disabled where disabled_at is not null`,
    z.unknown(),
  );
}

function isAsClaimed({ id, attempts }: DueDelivery) {
  return sql`id = ${id} and state = 'pending' and attempts = ${attempts}::int`;
}
