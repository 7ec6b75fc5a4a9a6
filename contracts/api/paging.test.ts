import { expect, test } from 'vitest';

import { Instant } from './paging.ts';

test.each(['yesterday', '2026-11-30', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59-01:00'])(
  '%s is no instant, and one sentence says what would be',
  (text) => {
    expect(Instant.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
      'expected an instant from 1970 to 9999, such as 2026-11-23T09:30:00Z',
    ]);
  },
);

test('an instant may be told in any zone', () => {
  expect(Instant.parse('2026-11-23T10:30:00+01:00')).toBe('2026-11-23T10:30:00+01:00');
});
