import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';

import type { DatasetRetentions } from '#contracts/dataset';
import type { IsolationClass } from '#contracts/isolation';

import { id, instant } from './columns.ts';

/** A tenant's choice of a capsule. `revision` rises with every change; a removed one stays for the runs that name it. */
export const installations = pgTable(
  'installations',
  {
    id: id('ins').primaryKey(),
    tenantId: id('ten').notNull(),
    /** `publisher/slug`; the catalogue is a copy, so that nothing here refers to its rows. */
    capsule: text().notNull(),
    range: text().notNull(),
    approved: jsonb().$type<string[]>().notNull(),
    /** The least that its runs get; null leaves it to the capsule. */
    isolation: text().$type<IsolationClass>(),
    /** Null: as many as there is room for. */
    maxConcurrentRuns: integer(),
    /** Wins over what the capsule says; null leaves it to that. */
    artifactRetentionDays: integer(),
    /** By data set; wins over what the capsule says. */
    datasetRetentionDays: jsonb().$type<DatasetRetentions>().notNull().default({}),
    revision: integer().notNull().default(1),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
    removedAt: instant(),
    /** Not read any more; to be dropped once no Worker is left that does. */
    rowsEndAt: instant(),
  },
  (table) => [
    uniqueIndex('installations_capsule')
      .on(table.tenantId, table.capsule)
      .where(sql`${table.removedAt} is null`),
    index('installations_rows_end')
      .on(table.rowsEndAt)
      .where(sql`${table.rowsEndAt} is not null`),
  ],
);
