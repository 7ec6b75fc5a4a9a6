import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Stopwatch } from './stopwatch.ts';

const LAP_MS = 1_000;
const laps = fc.array(fc.integer({ min: 0, max: LAP_MS }), { maxLength: 50 });
const settings = fc.array(fc.tuple(fc.nat(49), fc.integer({ min: -1e12, max: 1e12 })), { maxLength: 5 });

/** Looks after every lap; `settings` move the clock within that lap. */
function measured(passes: readonly number[], jumps: readonly (readonly [number, number])[]): number {
  let nowMs = 1e12;
  let elapsedMs = 0;
  const watch = new Stopwatch(LAP_MS, nowMs);
  for (const [index, passMs] of passes.entries()) {
    nowMs += passMs;
    for (const [lap, byMs] of jumps) if (lap === index) nowMs += byMs;
    elapsedMs = watch.lap(nowMs);
  }
  return elapsedMs;
}

test('measures what passes, where it is looked at often enough', () => {
  fc.assert(
    fc.property(laps, (passes) => {
      expect(measured(passes, [])).toBe(passes.reduce((sum, passMs) => sum + passMs, 0));
    }),
  );
});

test('is wrong by no more than a lap for each time that the clock is set, forwards or back', () => {
  fc.assert(
    fc.property(laps, settings, (passes, jumps) => {
      expect(Math.abs(measured(passes, jumps) - measured(passes, []))).toBeLessThanOrEqual(LAP_MS * jumps.length);
    }),
  );
});
