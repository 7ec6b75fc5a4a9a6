import { and, eq } from 'drizzle-orm';

import { MOST_PENDING_DELIVERIES } from '#contracts/api/webhooks';
import { Conflict, NotFound } from '#contracts/errors';
import type { WebhookId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { webhookDeliveries, webhooks } from '#db/postgres/schema/index';

/** For a message that a person asks for. Whoever else asks for one waits until this commits. @throws NotFound · Conflict too many wait already */
export async function requireRoom(tx: Transaction, webhookId: WebhookId): Promise<void> {
  const [webhook] = await tx
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(eq(webhooks.id, webhookId))
    .for('no key update');
  // It may have been removed since it was found.
  if (!webhook) throw new NotFound('webhook');
  const isWaiting = and(eq(webhookDeliveries.webhookId, webhookId), eq(webhookDeliveries.state, 'pending'));
  if ((await tx.$count(webhookDeliveries, isWaiting)) >= MOST_PENDING_DELIVERIES)
    throw new Conflict(
      `${MOST_PENDING_DELIVERIES} messages wait for this webhook already; try again when some were sent`,
    );
}
