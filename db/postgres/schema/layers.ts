import { integer, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';

import type { Digest } from '#contracts/digest';
import type { JsonValue } from '#contracts/json';
import type { LayerRuntime } from '#contracts/layer';

import { publisherKeys } from './capsules.ts';
import { id, instant } from './columns.ts';

/** Layers of this cell's own tenants: immutable, and never deleted, because versions that name them do not change either. */
export const layers = pgTable(
  'layers',
  {
    id: id('lay').primaryKey(),
    tenantId: id('ten').notNull(),
    digest: text().$type<Digest>().notNull(),
    runtime: text().$type<LayerRuntime>().notNull(),
    files: integer().notNull(),
    sizeBytes: integer().notNull(),
    signature: jsonb().$type<JsonValue>().notNull(),
    publisherKeyId: id('pky')
      .notNull()
      .references(() => publisherKeys.id),
    publicKeyPem: text().notNull(),
    publishedAt: instant().notNull(),
  },
  (table) => [unique('layers_digest').on(table.tenantId, table.digest)],
);
