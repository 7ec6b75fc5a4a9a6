import type { WebhookDelivery } from '#contracts/api/webhooks';
import { Conflict } from '#contracts/errors';
import { newId, type WebhookId } from '#contracts/ids';
import { webhookDeliveries } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { findWebhook } from './find.ts';
import { requireRoom } from './require-room.ts';
import { deliveryView } from './view.ts';

/** Sends a webhook a message that says nothing, to see whether it gets there. @throws NotFound · Conflict it is disabled, or too many wait */
export async function pingWebhook({ ctx, input }: Verb<{ readonly id: WebhookId }>): Promise<WebhookDelivery> {
  requirePermission(ctx, 'webhooks:write');
  const { id: webhookId, disabledAt } = await findWebhook(ctx, input.id);
  if (disabledAt) throw new Conflict('the webhook is disabled; enable it first');
  const now = ctx.now();
  const row = { id: newId('dlv'), tenantId: ctx.tenant.id, webhookId, event: 'ping', state: 'pending' } as const;
  const delivery = await transact(ctx, async (tx) => {
    await requireRoom(tx, webhookId);
    const [inserted] = await tx
      .insert(webhookDeliveries)
      .values({ ...row, createdAt: now, nextAttemptAt: now })
      .returning();
    if (!inserted) throw new TypeError('an insert always returns its row');
    await recordAudit(tx, ctx, { action: 'webhook.ping', target: webhookId, details: { delivery: inserted.id } });
    return inserted;
  });
  return deliveryView(delivery);
}
