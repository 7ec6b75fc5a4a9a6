import { z } from 'zod';

import type { Brand } from './brand.ts';

/** Money in 10⁻⁹ of the currency. Never a float; on the wire a decimal string. */
export type Nanos = Brand<bigint, 'nanos'>;

export const CURRENCY = 'USD';

export function nanos(amount: bigint): Nanos {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a brand exists only in the types
  return amount as Nanos;
}

export const ZERO_NANOS = nanos(0n);

/** The wire form: a decimal integer of at most 18 digits, so that it fits a signed 64-bit column. */
export const NanosText = z
  .string()
  .regex(/^-?\d{1,18}$/, 'expected whole nano-units as a string of digits, such as "2500000"')
  .transform((text) => nanos(BigInt(text)));

/** An amount that cannot be below zero: prices, limits. */
export const PriceText = NanosText.refine((amount) => amount >= 0n, 'expected a price of zero or more');

/** The most that a tenant may spend in a month, so that sums stay far from the end of a 64-bit column: a million dollars. */
export const MAX_BUDGET_NANOS = nanos(10n ** 15n);

export function addNanos(...amounts: readonly Nanos[]): Nanos {
  return nanos(amounts.reduce<bigint>((sum, amount) => sum + amount, 0n));
}

/** `unitNanos × quantity / per`, rounded up: a reservation or a charge never undershoots by rounding. */
export function chargeNanos(unitNanos: Nanos, quantity: bigint, per = 1n): Nanos {
  const product = unitNanos * quantity;
  return nanos((product + per - 1n) / per);
}

/** For people: `$0.0025`. At least two decimals, trailing zeros beyond them dropped. */
export function formatNanos(amount: Nanos): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -BigInt(amount) : BigInt(amount);
  const fraction = (absolute % 1_000_000_000n)
    .toString()
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${sign}$${absolute / 1_000_000_000n}.${fraction}`;
}
