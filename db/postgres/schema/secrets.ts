import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

import type { AuditRecord } from '#contracts/audit';
import type { SealedText } from '#contracts/sealed-text';

import { id, instant } from './columns.ts';
import { installations } from './installations.ts';

/** Values that runs of an installation get, sealed under a data key of this cell; gone with the installation. */
export const installationSecrets = pgTable(
  'installation_secrets',
  {
    installationId: id('ins')
      .notNull()
      .references(() => installations.id),
    name: text().notNull(),
    sealed: text().$type<SealedText>().notNull(),
    sizeBytes: integer().notNull(),
    setAt: instant().notNull(),
    setBy: jsonb().$type<Pick<AuditRecord['actor'], 'type' | 'id'>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.installationId, table.name] })],
);
