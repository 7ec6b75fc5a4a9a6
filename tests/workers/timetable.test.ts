import { expect, test } from 'vitest';

import { nextInstants, readTimetable } from '#cell/services/schedules/timetable';

/** The rule itself is tested in Node; here, that the runtime it is deployed to knows the same clocks. */
test.each([
  ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']],
  ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']],
  ['0 9 * * MON', 'America/New_York', '2026-10-28T00:00:00Z', ['2026-11-02T14:00:00.000Z', '2026-11-09T14:00:00.000Z']],
  [
    '15 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-02T16:00:00Z',
    ['2026-10-03T15:30:00.000Z', '2026-10-04T15:15:00.000Z'],
  ],
])('%s in %s after %s', (cron, zone, after, expected) => {
  const instants = nextInstants(readTimetable({ cron, zone }), new Date(after), 2);
  expect(instants.map((instant) => instant.toISOString())).toEqual(expected);
});

test('a zone that is none is refused', () => {
  expect(() => readTimetable({ cron: '0 0 * * *', zone: 'Mars/Olympus' })).toThrow('not valid');
});
