import { bigint, integer, json, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

import type { JsonValue } from '#contracts/json';

import { id, instant } from './columns.ts';
import { installations } from './installations.ts';

/** One row an installation that ever kept state; `revision` rises with every change, and whoever changes it holds this row. */
export const installationStates = pgTable('installation_states', {
  installationId: id('ins')
    .primaryKey()
    .references(() => installations.id),
  tenantId: id('ten').notNull(),
  revision: bigint({ mode: 'number' }).notNull(),
  updatedAt: instant().notNull(),
});

export const installationStateEntries = pgTable(
  'installation_state_entries',
  {
    installationId: id('ins')
      .notNull()
      .references(() => installationStates.installationId),
    key: text().notNull(),
    value: json().$type<JsonValue>().notNull(),
    sizeBytes: integer().notNull(),
    /** The revision of the state that this value came with. */
    revision: bigint({ mode: 'number' }).notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.installationId, table.key] })],
);
