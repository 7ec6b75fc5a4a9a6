import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

import type { ArtifactState } from '#contracts/artifact';

import { id, instant } from './columns.ts';
import { runs } from './runs.ts';

/** A file that a run left, as its receipt lists it. The bytes are in the bucket under tenant and digest, once for all rows that name them. */
export const artifacts = pgTable(
  'artifacts',
  {
    runId: id('run')
      .notNull()
      .references(() => runs.id),
    path: text().notNull(),
    tenantId: id('ten').notNull(),
    sizeBytes: bigint({ mode: 'number' }).notNull(),
    sha256: text().notNull(),
    state: text().$type<ArtifactState>().notNull(),
    /** As the capsule's version says; the installation's own word, which wins, may change later. */
    retentionDays: integer().notNull(),
    expiresAt: instant().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.path] }),
    index('artifacts_object').on(table.tenantId, table.sha256),
    index('artifacts_expiry').on(table.expiresAt),
  ],
);

/** What one run added to a data set of its installation: one object of JSON lines. */
export const datasetParts = pgTable(
  'dataset_parts',
  {
    runId: id('run')
      .notNull()
      .references(() => runs.id),
    name: text().notNull(),
    tenantId: id('ten').notNull(),
    installationId: id('ins').notNull(),
    rows: integer().notNull(),
    sizeBytes: bigint({ mode: 'number' }).notNull(),
    sha256: text().notNull(),
    state: text().$type<ArtifactState>().notNull(),
    createdAt: instant().notNull(),
    /** As the capsule's version says; the installation's own word, which wins, may change later. */
    retentionDays: integer(),
    /** Null: kept until it is deleted. */
    expiresAt: instant(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.name] }),
    // Run ids sort by time, so that they are the cursor too.
    index('dataset_parts_installation').on(table.installationId, table.name, table.runId),
    index('dataset_parts_expiry')
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} is not null`),
  ],
);
