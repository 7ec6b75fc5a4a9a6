import { and, eq, sql } from 'drizzle-orm';

import { RotateWebhookSecret, type WebhookWithSecret } from '#contracts/api/webhooks';
import { Conflict } from '#contracts/errors';
import type { WebhookId } from '#contracts/ids';
import { webhooks } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { findWebhook } from './find.ts';
import { sealSecret } from './sealed-secret.ts';
import { newWebhookSecret } from './sign.ts';
import { inForce, webhookView } from './view.ts';

/** So many sign at once, so that a rotation whose answer got lost can be repeated. */
const MOST_SECRETS = 4;
const HOUR_MS = 3_600_000;

export interface RotateInput {
  readonly id: WebhookId;
  readonly request: RotateWebhookSecret;
}

/**
 * Gives a webhook another secret, which is in this answer and in no other. Those before it sign beside it for as long as is asked:
 * a receiver verifies all the time.
 * @throws NotFound · Conflict changed meanwhile, or too many are running out
 */
export async function rotateWebhookSecret({ ctx, input }: Verb<RotateInput>): Promise<WebhookWithSecret> {
  requirePermission(ctx, 'webhooks:write');
  const { overlapHours } = RotateWebhookSecret.parse(input.request);
  const before = await findWebhook(ctx, input.id);
  const now = ctx.now();
  const last = new Date(now.getTime() + overlapHours * HOUR_MS).toISOString();
  const older = inForce(before.secrets, now)
    .map(({ sealed, expiresAt }) => ({ sealed, expiresAt: expiresAt !== null && expiresAt < last ? expiresAt : last }))
    .filter(() => overlapHours > 0);
  if (older.length >= MOST_SECRETS)
    throw new Conflict(`${older.length} secrets are running out already; rotate with overlapHours 0 to end them now`);

  const secret = newWebhookSecret();
  const newest = { sealed: await sealSecret(ctx.env, before.id, secret), expiresAt: null };
  const after = await transact(ctx, async (tx) => {
    const [updated] = await tx
      .update(webhooks)
      .set({ secrets: [newest, ...older], revision: sql`${webhooks.revision} + 1`, updatedAt: now })
      .where(and(eq(webhooks.id, before.id), eq(webhooks.revision, before.revision)))
      .returning();
    if (!updated) throw new Conflict('the webhook was changed meanwhile; read it again');
    await recordAudit(tx, ctx, { action: 'webhook.rotate', target: before.id, details: { overlapHours } });
    return updated;
  });
  return { ...webhookView(after, now), secret };
}
