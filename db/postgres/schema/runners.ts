import { pgTable, text } from 'drizzle-orm/pg-core';

import { id, instant } from './columns.ts';

/** Whose certificate a runner's id first came with: from then on the id is that workload's. */
export const runners = pgTable('runners', {
  id: id('rnr').primaryKey(),
  spiffeId: text().notNull(),
  firstSeenAt: instant().notNull().defaultNow(),
});
