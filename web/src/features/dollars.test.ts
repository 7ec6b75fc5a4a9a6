import fc from 'fast-check';
import { expect, test } from 'vitest';

import { dollarsOfNanos, nanosOfDollars } from './dollars.ts';

test('an amount that a person types becomes exact nano-units', () => {
  expect(nanosOfDollars('25')).toBe('25000000000');
  expect(nanosOfDollars('$ 0.50')).toBe('500000000');
  expect(nanosOfDollars('0.000000001')).toBe('1');
  expect(nanosOfDollars('1000000')).toBe('1000000000000000');
});

test('what is no amount, or more than can be set, is none', () => {
  const wrong = ['', 'ten', '-1', '1e3', '1.0000000001', '1,000,000', '1000000.01'];
  expect(wrong.map(nanosOfDollars)).toEqual(wrong.map(() => undefined));
});

test('what is shown is what was typed', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (amount) => {
      expect(nanosOfDollars(dollarsOfNanos(amount.toString()))).toBe(amount.toString());
    }),
  );
});
