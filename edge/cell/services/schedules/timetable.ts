import { Cron } from 'croner';

import { InvalidInput, type Violation } from '#contracts/errors';

/**
 * When a schedule is due: five cron fields, read on the clocks of a time zone. Where those clocks jump forward, a time of day that
 * does not exist is due right after the gap; where they are set back, a time of day that comes twice is due the first time only.
 * An expression with `*` or a step in its minutes or hours means intervals, and follows elapsed time through both.
 */
export type Timetable = Cron;

const FIELDS = 5;
const FIELD = /^[0-9A-Za-z*,/#-]+$/;
const ZONE = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

/** @throws InvalidInput that names the field at fault; also where the expression is never due */
export function readTimetable({ cron, zone }: { readonly cron: string; readonly zone: string }): Timetable {
  const violations = [...zoneFaults(zone), ...fieldFaults(cron)];
  if (violations.length > 0) throw new InvalidInput('the time table is not valid', violations);
  try {
    const timetable = new Cron(cron.trim(), {
      mode: '5-part',
      timezone: zone,
      fixedTimeRule: 'no-wildcard',
      paused: true,
    });
    if (timetable.nextRun() !== null) return timetable;
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    throw new InvalidInput('the time table is not valid', [{ path: '/cron', message }]);
  }
  throw new InvalidInput('the time table is not valid', [{ path: '/cron', message: 'there is no such day' }]);
}

/** The next `count` instants after `after`. */
export function nextInstants(timetable: Timetable, after: Date, count: number): Date[] {
  return timetable.nextRuns(count, after);
}

/**
 * Which instant is to be dealt with now: of those from `from` on that have come due, the latest. What was missed before it stays
 * missed, so that a cell that was down does not start a run for every minute of it.
 */
export function dueInstant(timetable: Timetable, { from, now }: { from: Date; now: Date }): Date | undefined {
  // A minute later, so that an instant that is exactly now counts, and whatever is not due yet is passed over.
  const candidates = timetable.previousRuns(3, new Date(now.getTime() + 60_000));
  return candidates.find((instant) => instant <= now && instant >= from);
}

function zoneFaults(zone: string): Violation[] {
  if (ZONE.test(zone) && isKnown(zone)) return [];
  return [{ path: '/zone', message: `${zone} is no time zone; expected an IANA name such as Europe/Berlin` }];
}

function isKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function fieldFaults(cron: string): Violation[] {
  const fields = cron.trim().split(/\s+/);
  const path = '/cron';
  if (fields.length > FIELDS)
    return [{ path, message: 'expected five fields; nothing is due more often than once a minute' }];
  if (fields.length < FIELDS || !fields.every((field) => FIELD.test(field)))
    return [{ path, message: 'expected minute, hour, day of month, month and day of week, such as 30 6 * * MON-FRI' }];
  return [];
}
