import { and, eq } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { WebhookId } from '#contracts/ids';
import { webhooks } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';

/** Removes a webhook with all that was kept for it. @throws NotFound */
export async function removeWebhook({ ctx, input }: Verb<{ readonly id: WebhookId }>): Promise<void> {
  requirePermission(ctx, 'webhooks:write');
  await transact(ctx, async (tx) => {
    const [removed] = await tx
      .delete(webhooks)
      .where(and(eq(webhooks.id, input.id), eq(webhooks.tenantId, ctx.tenant.id)))
      .returning({ url: webhooks.url });
    if (!removed) throw new NotFound('webhook');
    await recordAudit(tx, ctx, { action: 'webhook.remove', target: input.id, details: { url: removed.url } });
  });
}
