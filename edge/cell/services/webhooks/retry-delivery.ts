import { and, eq } from 'drizzle-orm';

import type { WebhookDelivery } from '#contracts/api/webhooks';
import { NotFound } from '#contracts/errors';
import type { DeliveryId, WebhookId } from '#contracts/ids';
import { webhookDeliveries } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { findWebhook } from './find.ts';
import { requireRoom } from './require-room.ts';
import { deliveryView } from './view.ts';

export interface RetryInput {
  readonly id: WebhookId;
  readonly deliveryId: DeliveryId;
}

/**
 * Sends once more, under the same id, what was given up, or what was taken already. What is under way stays as it is.
 * @throws NotFound · Conflict too many wait already
 */
export async function retryDelivery({ ctx, input }: Verb<RetryInput>): Promise<WebhookDelivery> {
  requirePermission(ctx, 'webhooks:write');
  const { id: webhookId } = await findWebhook(ctx, input.id);
  const isThisOne = and(eq(webhookDeliveries.id, input.deliveryId), eq(webhookDeliveries.webhookId, webhookId));
  return transact(ctx, async (tx) => {
    const [found] = await tx.select().from(webhookDeliveries).where(isThisOne).for('update');
    if (!found) throw new NotFound('delivery');
    if (found.state === 'pending') return deliveryView(found);
    await requireRoom(tx, webhookId);
    const [again] = await tx
      .update(webhookDeliveries)
      .set({ state: 'pending', deadCause: null, failures: 0, nextAttemptAt: ctx.now(), deliveredAt: null })
      .where(isThisOne)
      .returning();
    if (!again) throw new TypeError('a row that is held stays');
    await recordAudit(tx, ctx, { action: 'webhook.retry', target: webhookId, details: { delivery: again.id } });
    return deliveryView(again);
  });
}
