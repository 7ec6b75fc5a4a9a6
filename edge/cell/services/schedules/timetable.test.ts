import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { dueInstant, nextInstants, readTimetable } from './timetable.ts';

const iso = (dates: readonly Date[]) => dates.map((date) => date.toISOString().slice(0, 16));
const after = (cron: string, zone: string, from: string, count = 3) =>
  iso(nextInstants(readTimetable({ cron, zone }), new Date(from), count));

describe('where clocks change', () => {
  test('a time of day that does not exist is due right after the gap', () => {
    expect(after('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
  });

  test('a time of day that comes twice is due once', () => {
    expect(after('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(after('0,30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z')).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-26T01:00',
    ]);
  });

  test('an interval goes on', () => {
    expect(after('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:15Z', 4)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ]);
  });

  test('by half an hour too, and at midnight', () => {
    expect(after('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T16:00Z', 2)).toEqual([
      '2026-10-03T15:30',
      '2026-10-04T15:15',
    ]);
    expect(after('30 0 * * *', 'America/Santiago', '2026-09-05T05:00Z', 2)).toEqual([
      '2026-09-06T04:00',
      '2026-09-07T03:30',
    ]);
  });
});

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
const CRONS = [
  '* * * * *',
  '*/7 * * * *',
  '30 2 * * *',
  '0 0 * * *',
  '0,30 1-3 * * SUN',
  '15 */6 1,15 * *',
  '59 23 31 * *',
];
const table = fc.record({ cron: fc.constantFrom(...CRONS), zone: fc.constantFrom(...ZONES) });
const instant = fc.date({ min: new Date('2025-01-01'), max: new Date('2028-01-01'), noInvalidDate: true });
const DAY_MS = 86_400_000;

/** The minutes a clock on the wall of `zone` shows. */
function wallClock(zone: string, date: Date): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(date);
}

test('instants are whole minutes, strictly later one after the other', () => {
  fc.assert(
    fc.property(table, instant, (at, from) => {
      const instants = nextInstants(readTimetable(at), from, 6);
      expect(instants).toHaveLength(6);
      for (const [index, next] of instants.entries()) {
        expect(next.getTime() % 60_000).toBe(0);
        expect(next > (instants[index - 1] ?? from)).toBe(true);
      }
    }),
  );
});

test('a daily time is due on every day of the year, once', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      instant,
      (zone, hour, minute, from) => {
        const instants = nextInstants(readTimetable({ cron: `${minute} ${hour} * * *`, zone }), from, 400);
        const days = instants.map((next) => wallClock(zone, next).slice(0, 10));
        expect(new Set(days).size).toBe(400);
        expect(Math.round((instants[399]!.getTime() - instants[0]!.getTime()) / DAY_MS)).toBe(399);
      },
    ),
    { numRuns: 25 },
  );
});

test('whoever looks often enough finds every instant once, and whoever was away finds the latest', () => {
  fc.assert(
    fc.property(
      table,
      instant,
      fc.array(fc.integer({ min: 1, max: 3 * DAY_MS }), { maxLength: 12 }),
      (at, start, steps) => {
        const timetable = readTimetable(at);
        let from = nextInstants(timetable, start, 1)[0]!;
        let now = start;
        for (const step of steps) {
          now = new Date(now.getTime() + step);
          const due = dueInstant(timetable, { from, now });
          expect(due === undefined).toBe(from > now);
          const following = due ? nextInstants(timetable, due, 1)[0]! : from;
          expect([due === undefined || (due >= from && due <= now), following > now]).toEqual([true, true]);
          from = following;
        }
      },
    ),
  );
});

test('looked at every minute over a change of clocks, what is due is what was announced', () => {
  for (const zone of ZONES) {
    for (const cron of CRONS) {
      for (const day of ['2026-03-29T00:00Z', '2026-10-25T00:00Z', '2026-04-04T13:30Z', '2026-09-06T02:00Z']) {
        const timetable = readTimetable({ cron, zone });
        const start = new Date(day);
        const end = new Date(start.getTime() + 4 * 3_600_000);
        const announced = nextInstants(timetable, start, 500).filter((next) => next <= end);
        const found: Date[] = [];
        let from = nextInstants(timetable, start, 1)[0]!;
        for (let now = start; now <= end; now = new Date(now.getTime() + 60_000)) {
          const due = dueInstant(timetable, { from, now });
          if (!due) continue;
          found.push(due);
          from = nextInstants(timetable, due, 1)[0]!;
        }
        expect([zone, cron, iso(found)]).toEqual([zone, cron, iso(announced)]);
      }
    }
  }
});

test.each([
  ['* * * * * *', 'UTC', '/cron'],
  ['@daily', 'UTC', '/cron'],
  ['2026-10-25T00:00:00', 'UTC', '/cron'],
  ['', 'UTC', '/cron'],
  ['61 * * * *', 'UTC', '/cron'],
  ['*/0 * * * *', 'UTC', '/cron'],
  ['0 0 30 2 *', 'UTC', '/cron'],
  ['? ? * * *', 'UTC', '/cron'],
  ['a b c d e', 'UTC', '/cron'],
  ['0 0 * * *', 'Mars/Olympus', '/zone'],
  ['0 0 * * *', '+02:00', '/zone'],
  ['0 0 * * *', '', '/zone'],
])('%j in %j is refused at %s', (cron, zone, path) => {
  const extra = { violations: [expect.objectContaining({ path })] };
  expect(() => readTimetable({ cron, zone })).toThrow(expect.objectContaining({ code: 'invalid_input', extra }));
});
