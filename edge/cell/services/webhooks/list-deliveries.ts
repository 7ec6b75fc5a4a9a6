import { and, desc, eq, lt } from 'drizzle-orm';

import { type WebhookDelivery, WebhookDeliveryQuery } from '#contracts/api/webhooks';
import type { WebhookId } from '#contracts/ids';
import { webhookDeliveries } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { idPage, readIdCursor } from '../id-page.ts';
import { findWebhook } from './find.ts';
import { deliveryView } from './view.ts';

export interface DeliveriesInput {
  readonly id: WebhookId;
  readonly query: WebhookDeliveryQuery;
}

export interface DeliveryPage {
  readonly items: WebhookDelivery[];
  readonly next: string | null;
}

/** What was sent to a webhook or waits to be, newest first. @throws NotFound */
export async function listDeliveries({ ctx, input }: Verb<DeliveriesInput>): Promise<DeliveryPage> {
  requirePermission(ctx, 'webhooks:read');
  const { cursor, limit, state } = WebhookDeliveryQuery.parse(input.query);
  const { id: webhookId } = await findWebhook(ctx, input.id);
  const rows = await ctx.db
    .select()
    .from(webhookDeliveries)
    .where(
      and(
        eq(webhookDeliveries.webhookId, webhookId),
        state && eq(webhookDeliveries.state, state),
        cursor === undefined ? undefined : lt(webhookDeliveries.id, readIdCursor('dlv', cursor)),
      ),
    )
    .orderBy(desc(webhookDeliveries.id))
    .limit(limit + 1);
  return idPage(rows, limit, deliveryView);
}
