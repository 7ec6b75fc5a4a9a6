import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';

import type { Cell } from '#contracts/cells';
import type { Permission, Role } from '#contracts/permissions';

import { id, instant } from './columns.ts';

/** People, their sessions and secrets. These shapes are better-auth's; `services/accounts/auth.ts` maps its names to these. */
export const users = pgTable('users', {
  id: id('usr').primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: boolean().notNull().default(false),
  image: text(),
  createdAt: instant().notNull().defaultNow(),
  updatedAt: instant().notNull().defaultNow(),
});

export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    userId: id('usr')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The token itself is in the person's hands alone. */
    tokenSha256: text().notNull().unique(),
    expiresAt: instant().notNull(),
    ipAddress: text(),
    userAgent: text(),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (table) => [index('sessions_user').on(table.userId), index('sessions_expires').on(table.expiresAt)],
);

/** One way to prove to be a user; `password` is a scrypt hash. */
export const credentials = pgTable(
  'credentials',
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    providerId: text().notNull(),
    userId: id('usr')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    accessToken: text(),
    refreshToken: text(),
    idToken: text(),
    accessTokenExpiresAt: instant(),
    refreshTokenExpiresAt: instant(),
    scope: text(),
    password: text(),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (table) => [index('credentials_user').on(table.userId)],
);

/** RFC 8628 device authorization: what a CLI waits for while a person approves it in the browser. */
export const deviceCodes = pgTable('device_codes', {
  id: text().primaryKey(),
  deviceCode: text().notNull().unique(),
  userCode: text().notNull().unique(),
  userId: id('usr').references(() => users.id, { onDelete: 'cascade' }),
  expiresAt: instant().notNull(),
  status: text().notNull(),
  lastPolledAt: instant(),
  pollingInterval: integer(),
  clientId: text(),
  scope: text(),
});

/** The cell's ES256 keys as JWKs; the private halves are encrypted with AUTH_SECRET. An expired key no longer signs but still verifies for a day. */
export const signingKeys = pgTable('signing_keys', {
  id: text().primaryKey(),
  publicKey: text().notNull(),
  privateKey: text().notNull(),
  alg: text(),
  crv: text(),
  createdAt: instant().notNull(),
  expiresAt: instant(),
});

/** An organisation. `handle` is unique in the whole platform through the global directory: the name it publishes under. */
export const tenants = pgTable('tenants', {
  id: id('ten').primaryKey(),
  name: text().notNull(),
  handle: text().notNull().unique(),
  cell: text().$type<Cell>().notNull(),
  residency: text().$type<'pinned' | 'replicated'>().notNull(),
  createdAt: instant().notNull().defaultNow(),
});

export const members = pgTable(
  'members',
  {
    id: id('mem').primaryKey(),
    tenantId: id('ten')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    userId: id('usr')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text().$type<Role>().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('members_tenant_user').on(table.tenantId, table.userId),
    index('members_user').on(table.userId),
  ],
);

/** A key that acts for one tenant. Only its SHA-256 is kept; `hint` is what a person recognises it by. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: id('key').primaryKey(),
    tenantId: id('ten')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    hint: text().notNull(),
    secretSha256: text().notNull().unique(),
    scopes: text()
      .array()
      .$type<Permission[]>()
      .notNull()
      .default(sql`'{}'::text[]`),
    createdBy: text().notNull(),
    createdAt: instant().notNull().defaultNow(),
    expiresAt: instant().notNull(),
    revokedAt: instant(),
    /** Sampled: at most one write a minute. */
    lastUsedAt: instant(),
  },
  (table) => [
    index('api_keys_tenant').on(table.tenantId, table.createdAt),
    uniqueIndex('api_keys_active_name')
      .on(table.tenantId, table.name)
      .where(sql`${table.revokedAt} is null`),
  ],
);
