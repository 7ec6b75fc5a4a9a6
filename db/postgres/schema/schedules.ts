import { sql } from 'drizzle-orm';
import { boolean, index, integer, json, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';

import type { Schedule, ScheduleOutcome } from '#contracts/api/schedules';
import type { JsonValue } from '#contracts/json';

import { id, instant } from './columns.ts';
import { installations } from './installations.ts';

/** Runs of an installation at the instants of a time table. */
export const schedules = pgTable(
  'schedules',
  {
    id: id('sch').primaryKey(),
    tenantId: id('ten').notNull(),
    name: text().notNull(),
    installationId: id('ins')
      .notNull()
      .references(() => installations.id),
    cron: text().notNull(),
    zone: text().notNull(),
    input: json().$type<JsonValue>().notNull(),
    overlap: text().$type<Schedule['overlap']>().notNull(),
    isEnabled: boolean().notNull(),
    /** The first instant that was not dealt with; null while it is disabled. */
    nextAt: instant(),
    /** Until then whoever claimed it deals with it; after that anybody may again. */
    leasedUntil: instant(),
    lastOutcome: jsonb().$type<ScheduleOutcome>(),
    lastRunId: id('run'),
    /** Rises with every change by the tenant: what was claimed before it is void. */
    revision: integer().notNull().default(1),
    createdBy: text().notNull(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [
    unique('schedules_name').on(table.tenantId, table.name),
    index('schedules_tenant').on(table.tenantId, table.id),
    index('schedules_installation').on(table.installationId),
    index('schedules_due')
      .on(table.nextAt)
      .where(sql`${table.nextAt} is not null`),
  ],
);
