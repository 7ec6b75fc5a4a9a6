import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';

import type { DeadCause, WebhookDelivery, WebhookEvent } from '#contracts/api/webhooks';
import type { SealedText } from '#contracts/sealed-text';

import { id, instant } from './columns.ts';

export interface SealedSecret {
  /** Who reads the table alone can sign nothing. */
  readonly sealed: SealedText;
  /** RFC 3339; null for the one in force. */
  readonly expiresAt: string | null;
}

/** Where a tenant wants to hear of what happens. */
export const webhooks = pgTable(
  'webhooks',
  {
    id: id('whk').primaryKey(),
    tenantId: id('ten').notNull(),
    url: text().notNull(),
    events: text().array().$type<WebhookEvent[]>().notNull(),
    /** Null: of whatever installation. */
    installationId: id('ins'),
    /** The one in force first. */
    secrets: jsonb().$type<SealedSecret[]>().notNull(),
    disabledAt: instant(),
    disabledReason: text(),
    /** Dead letters since something was last delivered. */
    deadLetters: integer().notNull().default(0),
    revision: integer().notNull().default(1),
    createdBy: text().notNull(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [unique('webhooks_url').on(table.tenantId, table.url)],
);

/** One message to one webhook: written with what it tells of, sent until it is taken or given up. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: id('dlv').primaryKey(),
    tenantId: id('ten').notNull(),
    webhookId: id('whk')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    event: text().$type<WebhookDelivery['event']>().notNull(),
    runId: id('run'),
    state: text().$type<WebhookDelivery['state']>().notNull(),
    deadCause: text().$type<DeadCause>(),
    attempts: integer().notNull().default(0),
    /** Since it was first to be sent, or last retried by hand. */
    failures: integer().notNull().default(0),
    nextAttemptAt: instant().notNull(),
    lastStatus: integer(),
    lastError: text(),
    createdAt: instant().notNull(),
    deliveredAt: instant(),
  },
  (table) => [
    index('webhook_deliveries_webhook').on(table.webhookId, table.id),
    index('webhook_deliveries_due')
      .on(table.webhookId, table.nextAttemptAt)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_created').on(table.createdAt),
  ],
);
