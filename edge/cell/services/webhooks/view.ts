import type { Webhook, WebhookDelivery } from '#contracts/api/webhooks';
import type { webhookDeliveries, webhooks } from '#db/postgres/schema/index';
import type { SealedSecret } from '#db/postgres/schema/webhooks';

export type WebhookRow = typeof webhooks.$inferSelect;

export function webhookView(row: WebhookRow, now: Date): Webhook {
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    installationId: row.installationId,
    enabled: row.disabledAt === null,
    disabledReason: row.disabledReason,
    secrets: inForce(row.secrets, now).length,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** The secrets that sign now. */
export function inForce(secrets: readonly SealedSecret[], now: Date): SealedSecret[] {
  return secrets.filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > now.getTime());
}

export function deliveryView(row: typeof webhookDeliveries.$inferSelect): WebhookDelivery {
  return {
    id: row.id,
    event: row.event,
    runId: row.runId,
    state: row.state,
    deadCause: row.deadCause,
    attempts: row.attempts,
    lastStatus: row.lastStatus,
    lastError: row.lastError,
    nextAttemptAt: row.state === 'pending' ? row.nextAttemptAt.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
  };
}
