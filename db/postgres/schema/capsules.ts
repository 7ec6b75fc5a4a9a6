import { type SQL, sql } from 'drizzle-orm';
import { customType, index, integer, jsonb, pgTable, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';

import type { ManifestDocument, VersionStatus } from '#contracts/api/capsules';
import type { Cell } from '#contracts/cells';
import type { Digest } from '#contracts/digest';
import type { JsonValue } from '#contracts/json';

import { id, instant } from './columns.ts';

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

/** The public keys a tenant signs its capsules with. A revoked one stays, so that it cannot come back unseen. */
export const publisherKeys = pgTable(
  'publisher_keys',
  {
    id: id('pky').primaryKey(),
    tenantId: id('ten').notNull(),
    name: text().notNull(),
    hint: text().notNull(),
    publicKeyPem: text().notNull(),
    createdAt: instant().notNull(),
    revokedAt: instant(),
  },
  (table) => [unique('publisher_keys_hint').on(table.tenantId, table.hint)],
);

/** What this cell's own tenants publish. The first version makes the capsule; `name` is `handle/slug` and never changes. */
export const capsules = pgTable(
  'capsules',
  {
    id: id('cap').primaryKey(),
    tenantId: id('ten').notNull(),
    name: text().notNull(),
    createdAt: instant().notNull(),
  },
  (table) => [unique('capsules_name').on(table.name)],
);

/** A release of this cell's own tenants: immutable but for `status`, whose every change raises `revision`. */
export const capsuleVersions = pgTable(
  'capsule_versions',
  {
    id: id('ver').primaryKey(),
    capsuleId: id('cap')
      .notNull()
      .references(() => capsules.id),
    version: text().notNull(),
    digest: text().$type<Digest>().notNull(),
    sizeBytes: integer().notNull(),
    manifest: jsonb().$type<ManifestDocument>().notNull(),
    signature: jsonb().$type<JsonValue>().notNull(),
    publisherKeyId: id('pky')
      .notNull()
      .references(() => publisherKeys.id),
    publicKeyPem: text().notNull(),
    status: text().$type<VersionStatus>().notNull(),
    revision: integer().notNull(),
    publishedAt: instant().notNull(),
  },
  (table) => [unique('capsule_versions_version').on(table.capsuleId, table.version)],
);

/**
 * The catalogue: every public capsule of every cell, copied here so that it is searched and resolved at home.
 * `revision` rises with every change to the capsule or one of its versions: who saw it may trust what was resolved then.
 */
export const catalogueCapsules = pgTable(
  'catalogue_capsules',
  {
    id: id('cap').primaryKey(),
    name: text().notNull(),
    homeCell: text().$type<Cell>().notNull(),
    title: text().notNull(),
    description: text().notNull(),
    license: text().notNull(),
    categories: jsonb().$type<string[]>().notNull(),
    keywords: jsonb().$type<string[]>().notNull(),
    runtime: text().notNull(),
    permissions: jsonb().$type<string[]>().notNull(),
    perRunNanos: text(),
    latestVersion: text(),
    latestDigest: text().$type<Digest>().notNull(),
    revision: integer().notNull(),
    updatedAt: instant().notNull(),
    search: tsvector()
      .notNull()
      .generatedAlwaysAs(
        (): SQL => sql`setweight(to_tsvector('english', title), 'A')
          || setweight(to_tsvector('english', keywords), 'B')
          || setweight(to_tsvector('english', replace(replace(name, '/', ' '), '-', ' ')), 'B')
          || setweight(to_tsvector('english', description), 'C')`,
      ),
  },
  (table) => [
    unique('catalogue_capsules_name').on(table.name),
    index('catalogue_capsules_search').using('gin', table.search),
    // Of pg_trgm: finds any part of a name, of three characters or more.
    index('catalogue_capsules_name_part').using('gin', table.name.op('gin_trgm_ops')),
    index('catalogue_capsules_updated').on(table.updatedAt, table.id),
  ],
);

export const catalogueVersions = pgTable(
  'catalogue_versions',
  {
    id: id('ver').primaryKey(),
    capsuleId: id('cap')
      .notNull()
      .references(() => catalogueCapsules.id),
    version: text().notNull(),
    digest: text().$type<Digest>().notNull(),
    sizeBytes: integer().notNull(),
    manifest: jsonb().$type<ManifestDocument>().notNull(),
    signature: jsonb().$type<JsonValue>().notNull(),
    publicKeyPem: text().notNull(),
    status: text().$type<VersionStatus>().notNull(),
    revision: integer().notNull(),
    publishedAt: instant().notNull(),
  },
  (table) => [
    uniqueIndex('catalogue_versions_version').on(table.capsuleId, table.version),
    index('catalogue_versions_digest').on(table.digest),
    index('catalogue_versions_layers').using('gin', sql`(${table.manifest} -> 'layers')`),
  ],
);
