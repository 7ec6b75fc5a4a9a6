import fc from 'fast-check';
import { expect, test } from 'vitest';

import { afterFailure } from './retry-rule.ts';

const HOUR_MS = 3_600_000;

test('whatever the dice say, it is given up after fourteen attempts over 18 to 28 hours, each delay longer than the one before', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 14, maxLength: 14 }), (dice) => {
      const delays = dice.flatMap((random, index) => {
        const next = afterFailure(index + 1, 500, random);
        return next.kind === 'retry' ? [next.delayMs] : [];
      });
      expect(delays).toHaveLength(13);
      expect(delays.every((delay, index) => delay > (delays[index - 1] ?? 0))).toBe(true);
      const total = delays.reduce((sum, delay) => sum + delay, 0);
      expect([total > 18 * HOUR_MS, total < 28 * HOUR_MS]).toEqual([true, true]);
    }),
  );
  expect(afterFailure(14, null, 0.5)).toEqual({ kind: 'dead', isUnwanted: false });
});

test('a receiver that is gone is left alone at once', () => {
  expect(afterFailure(1, 410, 0)).toEqual({ kind: 'dead', isUnwanted: true });
});
