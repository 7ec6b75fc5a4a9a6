import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';

import type { AuditRecord } from '#contracts/audit';

import { id, instant } from './columns.ts';

/** Audit entries commit with their effect; `chainedSeq` is null until the tenant's audit object has taken them: pending, never missing. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    id: id('aud').primaryKey(),
    tenantId: id('ten').notNull(),
    record: jsonb().$type<AuditRecord>().notNull(),
    createdAt: instant().notNull().defaultNow(),
    chainedSeq: bigint({ mode: 'number' }),
  },
  (table) => [
    index('audit_entries_pending')
      .on(table.tenantId, table.createdAt)
      .where(sql`${table.chainedSeq} is null`),
    index('audit_entries_tenant').on(table.tenantId, table.id),
    uniqueIndex('audit_entries_chain').on(table.tenantId, table.chainedSeq),
  ],
);

/** What must leave this cell once the transaction that wrote it has committed. Delivered at least once. */
export const outbox = pgTable(
  'outbox',
  {
    id: id('out').primaryKey(),
    kind: text().notNull(),
    destination: text().notNull(),
    payload: jsonb().notNull(),
    createdAt: instant().notNull().defaultNow(),
    deliveredAt: instant(),
    attempts: integer().notNull().default(0),
    nextAttemptAt: instant().notNull().defaultNow(),
    lastError: text(),
  },
  (table) => [
    index('outbox_pending')
      .on(table.nextAttemptAt)
      .where(sql`${table.deliveredAt} is null`),
    index('outbox_delivered')
      .on(table.deliveredAt)
      .where(sql`${table.deliveredAt} is not null`),
  ],
);

/** One row a write that carried an Idempotency-Key: the same key with the same body finds its target again, for thirty days. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    tenantId: id('ten').notNull(),
    key: text().notNull(),
    requestHash: text().notNull(),
    target: text().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.key] }),
    index('idempotency_keys_created').on(table.createdAt),
  ],
);
