import fc from 'fast-check';
import { expect, test } from 'vitest';

import { addNanos, chargeNanos, formatNanos, nanos, NanosText } from './money.ts';

const amount = fc.bigInt(0n, 10n ** 15n).map(nanos);

test('a charge never undershoots, and overshoots by less than one nano-unit', () => {
  fc.assert(
    fc.property(amount, fc.bigInt(0n, 10n ** 9n), fc.bigInt(1n, 10n ** 9n), (unit, quantity, per) => {
      const charged = chargeNanos(unit, quantity, per);
      expect(charged * per).toBeGreaterThanOrEqual(unit * quantity);
      expect((charged - 1n) * per).toBeLessThan(unit * quantity + 1n);
    }),
  );
});

test('a sum does not depend on the order', () => {
  fc.assert(
    fc.property(fc.array(amount), (amounts) => {
      expect(addNanos(...amounts)).toBe(addNanos(...amounts.toReversed()));
    }),
  );
});

test.each([
  [0n, '$0.00'],
  [2_500_000n, '$0.0025'],
  [1_000_000_000n, '$1.00'],
  [1n, '$0.000000001'],
  [-1_230_000_000n, '-$1.23'],
])('%s nano-units are shown as %s', (value, text) => {
  expect(formatNanos(nanos(value))).toBe(text);
});

test.each(['1.5', '1e9', '', ' 1', '9'.repeat(19), '0x10'])('%j is not an amount', (text) => {
  expect(NanosText.safeParse(text).success).toBe(false);
});
