import { addNanos, type Nanos, nanos, ZERO_NANOS } from '#contracts/money';
import type { Usage, UsageTotals } from '#contracts/run';

/**
 * The rules of one tenant's balance. Counters are cumulative, a month each; a run is counted in the month it was reserved in.
 *
 * Invariants: at the moment a reservation is granted, settled + reserved ≤ limit; `settledNanos` is the sum of the settlements of its month;
 * `reservedNanos` is the sum of its open reservations; a run opens once and closes once, so a message that is repeated or
 * comes late changes nothing.
 */
export interface Balance {
  readonly settledNanos: Nanos;
  readonly reservedNanos: Nanos;
}

export const EMPTY_BALANCE: Balance = { settledNanos: ZERO_NANOS, reservedNanos: ZERO_NANOS };

export interface Reservation {
  readonly period: string;
  readonly amountNanos: Nanos;
}

/** What the meter knows of one run. */
export type Standing =
  | { readonly kind: 'unknown' }
  | ({ readonly kind: 'reserved' } & Reservation)
  /** Settled or released; what it had reserved is kept, so that a repeated reserve hears the same answer. */
  | { readonly kind: 'closed'; readonly reservedNanos: Nanos };

export type Reserving =
  | { readonly kind: 'granted'; readonly balance: Balance }
  | { readonly kind: 'repeated'; readonly reservedNanos: Nanos }
  | { readonly kind: 'refused' };

export function reserve(balance: Balance, limitNanos: Nanos, standing: Standing, amountNanos: Nanos): Reserving {
  if (standing.kind === 'reserved') return { kind: 'repeated', reservedNanos: standing.amountNanos };
  if (standing.kind === 'closed') return { kind: 'repeated', reservedNanos: standing.reservedNanos };
  if (addNanos(balance.settledNanos, balance.reservedNanos, amountNanos) > limitNanos) return { kind: 'refused' };
  return { kind: 'granted', balance: { ...balance, reservedNanos: addNanos(balance.reservedNanos, amountNanos) } };
}

/** Ends a run's reservation and books `amountNanos`: nothing where there is nothing to bill. Undefined where the run is closed already. */
export function close(balance: Balance, standing: Standing, amountNanos: Nanos): Balance | undefined {
  if (standing.kind === 'closed') return undefined;
  const reserved = standing.kind === 'reserved' ? standing.amountNanos : ZERO_NANOS;
  return {
    settledNanos: addNanos(balance.settledNanos, amountNanos),
    reservedNanos: nanos(balance.reservedNanos - reserved),
  };
}

/** The month a run is booked in: the one it was reserved in, or else the one it ended in. */
export function bookingPeriod(standing: Standing, endedAtMs: number): string {
  return standing.kind === 'reserved' ? standing.period : periodOf(endedAtMs);
}

/** What is left to reserve. A limit that was lowered below what is already used leaves nothing, not less than nothing. */
export function available({ settledNanos, reservedNanos }: Balance, limitNanos: Nanos): Nanos {
  const left = limitNanos - settledNanos - reservedNanos;
  return nanos(left > 0n ? left : 0n);
}

/** The calendar month in UTC, `2026-11`. */
export function periodOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 7);
}

/** Sums of everything, except that the peak of memory is the highest peak. */
export function addUsage(total: UsageTotals, usage: Usage): UsageTotals {
  // By a map: a capsule names its meters, and may name one `constructor`.
  const meters = new Map(Object.entries(total.meters));
  for (const [name, count] of Object.entries(usage.meters)) meters.set(name, sum(meters.get(name) ?? 0, count));
  return {
    cpuUs: sum(total.cpuUs, usage.cpuUs),
    wallUs: sum(total.wallUs, usage.wallUs),
    memoryPeakBytes: Math.max(total.memoryPeakBytes, usage.memoryPeakBytes),
    memoryByteSeconds: (BigInt(total.memoryByteSeconds) + BigInt(usage.memoryByteSeconds)).toString(),
    inputBytes: sum(total.inputBytes, usage.inputBytes),
    outputBytes: sum(total.outputBytes, usage.outputBytes),
    egressBytes: sum(total.egressBytes, usage.egressBytes),
    meters: Object.fromEntries(meters),
  };
}

function sum(a: number, b: number): number {
  const total = a + b;
  if (!Number.isSafeInteger(total)) throw new RangeError(`${a} + ${b} is beyond what a double counts exactly`);
  return total;
}
