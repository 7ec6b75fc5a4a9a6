import { sql } from 'drizzle-orm';
import { bigint, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';

import type { ExpiringKind, StoredKind } from '#contracts/stored-object';

import { id, instant } from './columns.ts';
import { installations } from './installations.ts';

/**
 * What a tenant stores, as intervals: `key` had `sizeBytes` from `storedFrom` until `storedUntil`, or has them still. A row is
 * written once and closed once, so that byte-seconds are a sum over rows. The open row of a key is also the lock on its object.
 */
export const storedObjects = pgTable(
  'stored_objects',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: id('ten').notNull(),
    kind: text().$type<StoredKind>().notNull(),
    key: text().notNull(),
    sizeBytes: bigint({ mode: 'number' }).notNull(),
    storedFrom: instant().notNull(),
    storedUntil: instant(),
    /**
     * Since when nothing refers to it any more, as far as is known: the sweep looks again before it deletes. It is metered until then, and
     * no longer, however long the bucket takes to let go of it.
     */
    orphanedAt: instant(),
  },
  (table) => [
    uniqueIndex('stored_objects_open')
      .on(table.key)
      .where(sql`${table.storedUntil} is null`),
    index('stored_objects_tenant').on(table.tenantId, table.storedUntil),
    index('stored_objects_orphaned')
      .on(table.orphanedAt)
      .where(sql`${table.orphanedAt} is not null and ${table.storedUntil} is null`),
  ],
);

/**
 * Installations of which not all files, or rows, follow yet what is said of how long they are kept: those up to the cursor do. None of them
 * expires before all do.
 */
export const retentionBacklog = pgTable(
  'retention_backlog',
  {
    installationId: id('ins')
      .notNull()
      .references(() => installations.id),
    kind: text().$type<ExpiringKind>().notNull(),
    /** The last that follows, in the order of (data set, run); of files, which are of no data set, the run alone. Empty: none does. */
    pastName: text().notNull(),
    pastRunId: text().notNull(),
    changedAt: instant().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.installationId, table.kind] }),
    index('retention_backlog_changed').on(table.changedAt),
  ],
);
