import { and, eq } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { WebhookId } from '#contracts/ids';
import { webhooks } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import type { WebhookRow } from './view.ts';

/** The caller's own webhook. @throws NotFound */
export async function findWebhook({ tenant, db }: Ctx, id: WebhookId): Promise<WebhookRow> {
  const [row] = await db
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.id, id), eq(webhooks.tenantId, tenant.id)));
  if (!row) throw new NotFound('webhook');
  return row;
}
