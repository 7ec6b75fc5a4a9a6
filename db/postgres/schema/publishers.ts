import { boolean, integer, pgTable, text } from 'drizzle-orm/pg-core';

import type { Cell } from '#contracts/cells';

import { instant } from './columns.ts';

/**
 * Which publishers an operator has verified: the truth about this cell's own, a copy for those of other cells. No row means nobody
 * has verified them. `revision` rises with every change, so that what comes late changes nothing.
 */
export const cataloguePublishers = pgTable('catalogue_publishers', {
  handle: text().primaryKey(),
  homeCell: text().$type<Cell>().notNull(),
  isVerified: boolean().notNull(),
  revision: integer().notNull(),
  updatedAt: instant().notNull(),
});
