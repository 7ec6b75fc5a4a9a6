import { and, eq, sql } from 'drizzle-orm';

import { UpdateWebhook, type Webhook } from '#contracts/api/webhooks';
import { Conflict } from '#contracts/errors';
import type { WebhookId } from '#contracts/ids';
import { webhooks } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { findInstallation } from '../installations/find.ts';
import { isUniqueViolation } from '../postgres-errors.ts';
import { transact } from '../transact.ts';
import { findWebhook } from './find.ts';
import { targetRules } from './rules.ts';
import { readTarget } from './target.ts';
import { webhookView, type WebhookRow } from './view.ts';

export interface UpdateInput {
  readonly id: WebhookId;
  readonly change: UpdateWebhook;
}

/**
 * Changes a webhook. While it is disabled nothing new is kept for it; what was waiting already is sent once it is enabled.
 * @throws NotFound · InvalidInput · Conflict changed meanwhile, or the URL is in use
 */
export async function updateWebhook({ ctx, input }: Verb<UpdateInput>): Promise<Webhook> {
  requirePermission(ctx, 'webhooks:write');
  const change = UpdateWebhook.parse(input.change);
  const before = await findWebhook(ctx, input.id);
  const url = change.url === undefined ? before.url : readTarget(change.url, targetRules(ctx)).href;
  const { events = before.events, installation: installationId = before.installationId } = change;
  if (change.installation) await findInstallation(ctx, change.installation);

  const now = ctx.now();
  const after = await transact(ctx, async (tx) => {
    const [updated] = await tx
      .update(webhooks)
      .set({
        url,
        events,
        installationId,
        ...standing(before, change.enabled, now),
        revision: sql`${webhooks.revision} + 1`,
        updatedAt: now,
      })
      .where(and(eq(webhooks.id, before.id), eq(webhooks.revision, before.revision)))
      .returning();
    if (!updated) throw new Conflict('the webhook was changed meanwhile; read it again');
    await recordAudit(tx, ctx, {
      action: 'webhook.update',
      target: before.id,
      details: { url, events, installationId, enabled: updated.disabledAt === null },
    });
    return updated;
  }).catch((error: unknown) => {
    if (isUniqueViolation(error)) throw new Conflict(`there is a webhook for ${url} already`);
    throw error;
  });
  return webhookView(after, now);
}

function standing(before: WebhookRow, enabled: boolean | undefined, now: Date): Partial<WebhookRow> {
  if (enabled === true) return { disabledAt: null, disabledReason: null, deadLetters: 0 };
  if (enabled === false && before.disabledAt === null) return { disabledAt: now, disabledReason: 'by its tenant' };
  return {};
}
