import { z } from 'zod';

import { idOf } from '../ids.ts';
import { pageOf, PageQuery } from './paging.ts';
import { RunSummary } from './runs.ts';

/** What happens at Soma that a tenant's own systems can hear of. Standard Webhooks (standardwebhooks.com) says how it is sent. */
export const WebhookEvent = z.enum(['run.ended']);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

export const MAX_WEBHOOK_URL_CHARS = 2_000;

const Url = z.string().max(MAX_WEBHOOK_URL_CHARS).describe('https, the default port, a public host name');
const Events = z
  .array(WebhookEvent)
  .min(1)
  .max(20)
  .transform((events) => [...new Set(events)]);

export const CreateWebhook = z.strictObject({
  url: Url.describe("Unique among the tenant's webhooks"),
  events: Events.default(['run.ended']),
  installation: idOf('ins').optional().describe('Only what concerns this installation'),
});
export type CreateWebhook = z.infer<typeof CreateWebhook>;

export const UpdateWebhook = z
  .strictObject({
    url: Url.optional(),
    events: Events.optional(),
    installation: idOf('ins').nullable().optional(),
    enabled: z.boolean().optional().describe('true: also after it was disabled for failing'),
  })
  .refine(
    (change) => Object.values(change).some((value) => value !== undefined),
    'expected at least one of url, events, installation and enabled',
  );
export type UpdateWebhook = z.infer<typeof UpdateWebhook>;

export const RotateWebhookSecret = z.strictObject({
  overlapHours: z
    .int()
    .min(0)
    .max(72)
    .default(24)
    .describe('How long deliveries are signed with the secrets before it, too'),
});
export type RotateWebhookSecret = z.infer<typeof RotateWebhookSecret>;

export const WebhookPath = z.object({ id: idOf('whk') });
export const WebhookDeliveryPath = WebhookPath.extend({ deliveryId: idOf('dlv') });

export const Webhook = z
  .object({
    id: idOf('whk'),
    url: z.string(),
    events: z.array(WebhookEvent),
    installationId: idOf('ins').nullable(),
    enabled: z.boolean(),
    disabledReason: z.string().nullable(),
    secrets: z.int().describe('How many sign its deliveries: more than one while an older one runs out'),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof Webhook>;

/** The only answers that ever hold a secret. */
export const WebhookWithSecret = Webhook.extend({ secret: z.string() }).meta({ id: 'WebhookWithSecret' });
export type WebhookWithSecret = z.infer<typeof WebhookWithSecret>;

/** Why a delivery was given up. */
export const DeadCause = z.enum(['attempts_exhausted', 'gone', 'too_many_pending']);
export type DeadCause = z.infer<typeof DeadCause>;

/** More than so many do not wait for one webhook: what comes on top is dead at once, and can be retried once there is room. */
export const MOST_PENDING_DELIVERIES = 1_000;

export const WebhookDelivery = z
  .object({
    id: idOf('dlv').describe('The header webhook-id, the same at every attempt'),
    event: z.enum([...WebhookEvent.options, 'ping']),
    runId: idOf('run').nullable(),
    state: z.enum(['pending', 'delivered', 'dead']).describe('`dead`: given up; it can be retried'),
    deadCause: DeadCause.nullable().describe(
      `Why it was given up; \`too_many_pending\`: ${MOST_PENDING_DELIVERIES} were waiting already, and it was never sent`,
    ),
    attempts: z.int(),
    lastStatus: z.int().nullable().describe('HTTP status of the last answer; null where there was none'),
    lastError: z.string().nullable(),
    nextAttemptAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    deliveredAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const WebhookDeliveryQuery = PageQuery.extend({ state: WebhookDelivery.shape.state.optional() });
export type WebhookDeliveryQuery = z.infer<typeof WebhookDeliveryQuery>;
export const WebhookDeliveryPage = pageOf(WebhookDelivery);

/** The body of a delivery. */
export const WebhookMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run.ended'), timestamp: z.iso.datetime(), data: RunSummary }),
  z.object({ type: z.literal('ping'), timestamp: z.iso.datetime(), data: z.object({ webhookId: idOf('whk') }) }),
]);
export type WebhookMessage = z.infer<typeof WebhookMessage>;
