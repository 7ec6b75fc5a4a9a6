import { sql } from 'drizzle-orm';

import type { TenantId } from '#contracts/ids';

import type { Platform } from '../../context.ts';
import { eachOf } from '../each-of.ts';
import { inBatches } from '../in-batches.ts';
import { claimDeliveries } from './claim.ts';
import { send } from './send.ts';
import { settle } from './settle.ts';

const AT_ONCE = 10;
const MOST_BATCHES = 10;
/** Batches begun after this long wait for the next relay: receivers may hang, and whoever wakes this waits for it. */
const NO_MORE_AFTER_MS = 20_000;
const KEPT = '30 days';
const FORGOTTEN_AT_ONCE = 5_000;

export interface Relayed {
  readonly failures: readonly { readonly deliveryId: string; readonly error: unknown }[];
}

/** Sends what is due to the webhooks of these tenants, or of all: at least once, and whatever order comes of it. */
export async function relayWebhooks(platform: Platform, tenantIds?: readonly TenantId[]): Promise<Relayed> {
  const failures: { deliveryId: string; error: unknown }[] = [];
  const startedMs = platform.now().getTime();
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const due = await claimDeliveries(platform, tenantIds);
    await eachOf(due, AT_ONCE, async (delivery) => {
      try {
        await settle(platform, delivery, await send(platform, delivery));
      } catch (error) {
        failures.push({ deliveryId: delivery.id, error });
      }
    });
    if (due.length === 0 || platform.now().getTime() - startedMs > NO_MORE_AFTER_MS) break;
  }
  return { failures };
}

/** Forgets deliveries that are over and a month old. */
export async function forgetDeliveries({ db }: Platform): Promise<void> {
  await inBatches(FORGOTTEN_AT_ONCE, async () => {
    const { rowCount } = await db.execute(sql`
      delete from webhook_deliveries where id in (
        select id from webhook_deliveries where created_at < now() - ${KEPT}::interval and state <> 'pending'
        order by created_at limit ${FORGOTTEN_AT_ONCE}::int)`);
    return rowCount;
  });
}
