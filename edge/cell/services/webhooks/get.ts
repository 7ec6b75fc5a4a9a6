import type { Webhook } from '#contracts/api/webhooks';
import type { WebhookId } from '#contracts/ids';

import { requirePermission, type Verb } from '../../context.ts';
import { findWebhook } from './find.ts';
import { webhookView } from './view.ts';

/** @throws NotFound */
export async function getWebhook({ ctx, input }: Verb<{ readonly id: WebhookId }>): Promise<Webhook> {
  requirePermission(ctx, 'webhooks:read');
  return webhookView(await findWebhook(ctx, input.id), ctx.now());
}
