import { sql } from 'drizzle-orm';
import { index, integer, json, jsonb, pgTable, text } from 'drizzle-orm/pg-core';

import type { Digest } from '#contracts/digest';
import type { IsolationClass } from '#contracts/isolation';
import type { JsonValue } from '#contracts/json';
import type { Cause, RunState, Usage } from '#contracts/run';

import { amountNanos, id, instant } from './columns.ts';
import { installations } from './installations.ts';

/**
 * One execution. `input` and `output` are `json` and not `jsonb`: they belong to others and may hold U+0000,
 * which only `json` keeps.
 */
export const runs = pgTable(
  'runs',
  {
    id: id('run').primaryKey(),
    tenantId: id('ten').notNull(),
    installationId: id('ins')
      .notNull()
      .references(() => installations.id),
    rerunOf: id('run'),
    scheduleId: id('sch'),
    versionId: id('ver').notNull(),
    capsule: text().notNull(),
    version: text().notNull(),
    digest: text().$type<Digest>().notNull(),
    isolation: text().$type<IsolationClass>().notNull(),
    attempts: integer().notNull().default(1),
    state: text().$type<RunState>().notNull(),
    cause: text().$type<Cause>(),
    detail: text(),
    exitCode: integer(),
    retryAfterS: integer(),
    input: json().$type<JsonValue>().notNull(),
    output: json().$type<JsonValue>(),
    usage: jsonb().$type<Usage>(),
    amountNanos: amountNanos(),
    receipt: text(),
    runnerId: id('rnr'),
    cancelRequestedAt: instant(),
    /** When the sweep last made sure that somebody drives this run. */
    sweptAt: instant(),
    createdAt: instant().notNull(),
    startedAt: instant(),
    endedAt: instant(),
  },
  (table) => [
    // Ids sort by creation time, so that they are the cursor too. Read backwards: `desc()` of an index puts nulls last, and that of a query first.
    index('runs_tenant').on(table.tenantId, table.id),
    index('runs_tenant_capsule').on(table.tenantId, table.capsule, table.id),
    index('runs_open_installation')
      .on(table.installationId)
      .where(sql`${table.state} in ('queued', 'running')`),
    index('runs_open')
      .on(sql`coalesce(${table.sweptAt}, ${table.createdAt})`)
      .where(sql`${table.state} in ('queued', 'running')`),
  ],
);
