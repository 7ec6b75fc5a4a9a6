import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Meters } from './meters.ts';

test('amounts add up', () => {
  const meters = new Meters({ tokens: 100 });
  expect(meters.add({ tokens: 40 })).toBeUndefined();
  expect(meters.add({ tokens: 60 })).toBeUndefined();
  expect(meters.totals()).toEqual({ tokens: 100 });
});

test('a meter the capsule does not have is refused', () => {
  expect(new Meters({}).add({ tokens: 0 })).toContain('tokens');
  expect(new Meters({}).add({ constructor: 1 })).toContain('constructor');
});

test('no total ever exceeds its limit, and a refused line adds nothing', () => {
  const line = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 50 }));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const limits: Record<string, number> = { a: 100, b: 10 };
      const meters = new Meters(limits);
      for (const amounts of lines) {
        const before = meters.totals();
        const isRefused = meters.add(amounts) !== undefined;
        expect(isRefused ? meters.totals() : before).toEqual(before);
        for (const [name, total] of Object.entries(meters.totals()))
          expect(total).toBeLessThanOrEqual(limits[name] ?? -1);
      }
    }),
  );
});
