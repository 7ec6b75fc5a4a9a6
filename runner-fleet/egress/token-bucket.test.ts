import fc from 'fast-check';
import { expect, test } from 'vitest';

import { TokenBucket } from './token-bucket.ts';

const settings = fc.record({
  capacity: fc.integer({ min: 1, max: 1_000 }),
  perSecond: fc.integer({ min: 1, max: 1_000 }),
});
const turns = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 5_000 }), amount: fc.integer({ min: 1, max: 500 }) }),
);

test('never gives more than its burst and what has come in since', () => {
  fc.assert(
    fc.property(settings, turns, ({ capacity, perSecond }, asked) => {
      const bucket = new TokenBucket({ capacity, perSecond, nowMs: 0 });
      let nowMs = 0;
      let given = 0;
      for (const { afterMs, amount } of asked) {
        nowMs += afterMs;
        if (bucket.tryTake(amount, nowMs)) given += amount;
        expect(given).toBeLessThanOrEqual(capacity + (nowMs * perSecond) / 1_000 + 1e-6);
      }
    }),
  );
});

test('who takes in debt and waits as told keeps the rate', () => {
  fc.assert(
    fc.property(settings, turns, ({ capacity, perSecond }, asked) => {
      const bucket = new TokenBucket({ capacity, perSecond, nowMs: 0 });
      let nowMs = 0;
      let taken = 0;
      for (const { afterMs, amount } of asked) {
        nowMs += afterMs;
        taken += amount;
        nowMs += bucket.takeInDebt(amount, nowMs);
        expect(taken).toBeLessThanOrEqual(capacity + (nowMs * perSecond) / 1_000 + 1e-6);
      }
    }),
  );
});

test('fills up again while nobody asks, to the brim and no further', () => {
  const bucket = new TokenBucket({ capacity: 10, perSecond: 5, nowMs: 0 });
  expect([bucket.tryTake(10, 0), bucket.tryTake(1, 100), bucket.tryTake(1, 200)]).toEqual([true, false, true]);
  expect([bucket.tryTake(10, 60_000), bucket.tryTake(1, 60_000)]).toEqual([true, false]);
  // A clock that goes back gives nothing.
  expect(bucket.tryTake(1, 0)).toBe(false);
});
