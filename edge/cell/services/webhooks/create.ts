import { eq } from 'drizzle-orm';

import { CreateWebhook, type WebhookWithSecret } from '#contracts/api/webhooks';
import { Conflict } from '#contracts/errors';
import { newId } from '#contracts/ids';
import { webhooks } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { findInstallation } from '../installations/find.ts';
import { isUniqueViolation } from '../postgres-errors.ts';
import { takeTurn } from '../tenants/take-turn.ts';
import { transact } from '../transact.ts';
import { targetRules } from './rules.ts';
import { sealSecret } from './sealed-secret.ts';
import { newWebhookSecret } from './sign.ts';
import { readTarget } from './target.ts';
import { webhookView } from './view.ts';

export const MOST_WEBHOOKS = 20;

/**
 * Makes a webhook. Its secret is in this answer and in no other. A URL is used once, so that a request sent twice makes one.
 * @throws InvalidInput the URL may not be called · NotFound the installation · Conflict the URL is in use, or there are too many
 */
export async function createWebhook({ ctx, input }: Verb<CreateWebhook>): Promise<WebhookWithSecret> {
  requirePermission(ctx, 'webhooks:write');
  const { events, installation, ...given } = CreateWebhook.parse(input);
  const url = readTarget(given.url, targetRules(ctx)).href;
  if (installation !== undefined) await findInstallation(ctx, installation);

  const id = newId('whk');
  const secret = newWebhookSecret();
  const now = ctx.now();
  const row = {
    id,
    tenantId: ctx.tenant.id,
    url,
    events,
    installationId: installation ?? null,
    secrets: [{ sealed: await sealSecret(ctx.env, id, secret), expiresAt: null }],
    createdBy: ctx.actor.id,
    createdAt: now,
    updatedAt: now,
  };
  const created = await transact(ctx, async (tx) => {
    await takeTurn(tx, ctx.tenant.id);
    if ((await tx.$count(webhooks, eq(webhooks.tenantId, ctx.tenant.id))) >= MOST_WEBHOOKS)
      throw new Conflict(`a tenant has at most ${MOST_WEBHOOKS} webhooks; remove one first`);
    const [inserted] = await tx.insert(webhooks).values(row).returning();
    if (!inserted) throw new TypeError('an insert always returns its row');
    const { installationId } = row;
    await recordAudit(tx, ctx, { action: 'webhook.create', target: id, details: { url, events, installationId } });
    return inserted;
  }).catch((error: unknown) => {
    if (isUniqueViolation(error)) throw new Conflict(`there is a webhook for ${url} already; change or remove it`);
    throw error;
  });
  return { ...webhookView(created, now), secret };
}
