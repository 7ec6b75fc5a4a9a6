import { integer, pgTable } from 'drizzle-orm/pg-core';

import { amountNanos, id, instant } from './columns.ts';

/** The most a tenant may spend in a calendar month (UTC). No row means zero: nothing runs. */
export const budgets = pgTable('budgets', {
  tenantId: id('ten').primaryKey(),
  limitNanos: amountNanos().notNull(),
  revision: integer().notNull(),
  updatedAt: instant().notNull(),
});
