import type { Manifest } from './manifest.ts';
import { addNanos, chargeNanos, type Nanos, nanos, ZERO_NANOS } from './money.ts';
import { memoryByteSecondsOf, NO_USAGE, type Usage } from './run.ts';

/** What the platform itself charges, in nano-units of USD. */
export const PLATFORM_RATES = {
  cpuSecondNanos: nanos(20_000n),
  memoryGibSecondNanos: nanos(2_500n),
} as const;

const US_PER_SECOND = 1_000_000n;
const BYTES_PER_GIB = 2n ** 30n;

export type Priced = Pick<Manifest, 'pricing' | 'resources'>;

/** The lines of one run's charge, each rounded up to whole nano-units on its own; `totalNanos` is their sum. */
export interface Charge {
  readonly perRunNanos: Nanos;
  readonly cpuNanos: Nanos;
  readonly memoryNanos: Nanos;
  readonly metersNanos: Nanos;
  readonly totalNanos: Nanos;
}

/** What a run costs: prices times what its receipt states, and nothing that the receipt does not state. */
export function chargeFor({ pricing }: Pick<Priced, 'pricing'>, usage: Usage): Charge {
  const perRunNanos = pricing.perRunNanos ?? ZERO_NANOS;
  const cpuNanos = chargeNanos(PLATFORM_RATES.cpuSecondNanos, BigInt(usage.cpuUs), US_PER_SECOND);
  const memoryNanos = chargeNanos(PLATFORM_RATES.memoryGibSecondNanos, BigInt(usage.memoryByteSeconds), BYTES_PER_GIB);
  // By a map: a capsule names its meters, and may name one `constructor`.
  const reported = new Map(Object.entries(usage.meters));
  const metersNanos = addNanos(
    ...Object.entries(pricing.meters).map(([name, price]) =>
      chargeNanos(price.unitNanos, BigInt(reported.get(name) ?? 0)),
    ),
  );
  const totalNanos = addNanos(perRunNanos, cpuNanos, memoryNanos, metersNanos);
  return { perRunNanos, cpuNanos, memoryNanos, metersNanos, totalNanos };
}

/**
 * The most a run can cost: every limit used up. This is what is reserved before it starts, and what a cost preview shows as the ceiling.
 * Invariant: `chargeFor(capsule, usage).totalNanos ≤ ceilingFor(capsule).totalNanos` for every usage within the limits.
 */
export function ceilingFor(capsule: Priced): Charge {
  const { timeoutMs, cpuMillis, memoryBytes } = capsule.resources;
  const limitMs = timeoutMs + GRACE_MS;
  const wallUs = limitMs * 1_000;
  return chargeFor(capsule, {
    ...NO_USAGE,
    // Thousandths of a core over milliseconds are microseconds.
    cpuUs: limitMs * cpuMillis + QUOTA_SLICE_US,
    wallUs,
    memoryByteSeconds: memoryByteSecondsOf(memoryBytes, wallUs),
    meters: Object.fromEntries(
      Object.entries(capsule.pricing.meters).map(([name, { maxPerRun }]) => [name, maxPerRun]),
    ),
  });
}

/** A run is killed at its limit; the kill itself and one CFS period of quota may still be used. */
const GRACE_MS = 1_000;
const QUOTA_SLICE_US = 200_000;
