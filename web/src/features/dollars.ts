import { MAX_BUDGET_NANOS } from '#contracts/money';

const NANOS_PER_DOLLAR = 1_000_000_000n;

/** `12.5` → nano-units as text; undefined for what is no amount. Whole numbers all the way: no float ever holds money. */
export function nanosOfDollars(text: string): string | undefined {
  const match = /^\$?\s*(\d{1,7})(?:[.,](\d{1,9}))?$/.exec(text.trim());
  if (!match?.[1]) return undefined;
  const amount = BigInt(match[1]) * NANOS_PER_DOLLAR + BigInt((match[2] ?? '').padEnd(9, '0'));
  return amount <= MAX_BUDGET_NANOS ? amount.toString() : undefined;
}

/** Nano-units → `12.50`, as a person would type it. */
export function dollarsOfNanos(nanosText: string): string {
  const amount = BigInt(nanosText);
  const fraction = (amount % NANOS_PER_DOLLAR)
    .toString()
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${amount / NANOS_PER_DOLLAR}.${fraction}`;
}
