import { expect, test } from 'vitest';

import { budgetOf, periodOf } from './period.ts';

test('a month begins and ends at midnight UTC', () => {
  expect(periodOf(new Date('2026-11-30T23:59:59.999Z'))).toBe('2026-11');
  expect(periodOf(new Date('2026-12-01T00:00:00+00:00'))).toBe('2026-12');
  expect(periodOf(new Date('2026-12-01T00:30:00+01:00'))).toBe('2026-11');
});

test('a tenant that set no budget may spend nothing', () => {
  expect(budgetOf(null, new Date('2026-11-23T00:00:00Z'))).toEqual({
    limitNanos: '0',
    revision: 0,
    period: '2026-11',
  });
});
