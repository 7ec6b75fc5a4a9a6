import { desc, eq } from 'drizzle-orm';

import type { Webhook } from '#contracts/api/webhooks';
import { webhooks } from '#db/postgres/schema/index';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { MOST_WEBHOOKS } from './create.ts';
import { webhookView } from './view.ts';

/** The tenant's webhooks, newest first. */
export async function listWebhooks({ ctx }: VerbWithoutInput): Promise<Webhook[]> {
  requirePermission(ctx, 'webhooks:read');
  const rows = await ctx.db
    .select()
    .from(webhooks)
    .where(eq(webhooks.tenantId, ctx.tenant.id))
    .orderBy(desc(webhooks.id))
    .limit(MOST_WEBHOOKS);
  return rows.map((row) => webhookView(row, ctx.now()));
}
