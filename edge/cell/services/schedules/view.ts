import { eq, getTableColumns } from 'drizzle-orm';

import type { Schedule, ScheduleSummary } from '#contracts/api/schedules';
import { installations, runs, schedules } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import { nextInstants, readTimetable } from './timetable.ts';

const SHOWN_FIRINGS = 3;

const { input, leasedUntil: _leasedUntil, ...own } = getTableColumns(schedules);
const summary = {
  schedule: own,
  capsule: installations.capsule,
  lastRun: { id: runs.id, state: runs.state, cause: runs.cause },
};

/** Schedules with what they run and what became of their last run, without their inputs. */
export function selectSummaries({ db }: Ctx) {
  return db
    .select(summary)
    .from(schedules)
    .innerJoin(installations, eq(installations.id, schedules.installationId))
    .leftJoin(runs, eq(runs.id, schedules.lastRunId));
}

/** The same with their inputs. */
export function selectSchedules({ db }: Ctx) {
  return db
    .select({ ...summary, input })
    .from(schedules)
    .innerJoin(installations, eq(installations.id, schedules.installationId))
    .leftJoin(runs, eq(runs.id, schedules.lastRunId));
}

type SummaryRow = Awaited<ReturnType<typeof selectSummaries>>[number];
type Row = Awaited<ReturnType<typeof selectSchedules>>[number];

export function summaryView({ schedule, capsule, lastRun }: Omit<SummaryRow, 'input'>): ScheduleSummary {
  return {
    id: schedule.id,
    name: schedule.name,
    installationId: schedule.installationId,
    capsule,
    cron: schedule.cron,
    zone: schedule.zone,
    overlap: schedule.overlap,
    enabled: schedule.isEnabled,
    nextFirings: firingsOf(schedule),
    lastOutcome: schedule.lastOutcome,
    lastRun,
    createdBy: schedule.createdBy,
    createdAt: schedule.createdAt.toISOString(),
    updatedAt: schedule.updatedAt.toISOString(),
  };
}

export function scheduleView(row: Row): Schedule {
  return { ...summaryView(row), input: row.input };
}

/** From what is stored on: an instant that has come due and waits for the sweep is the first. */
function firingsOf({ nextAt, ...at }: SummaryRow['schedule']): string[] {
  if (!nextAt) return [];
  const following = nextInstants(readTimetable(at), nextAt, SHOWN_FIRINGS - 1);
  return [nextAt, ...following].map((instant) => instant.toISOString());
}
