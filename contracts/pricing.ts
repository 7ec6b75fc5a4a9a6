import type { Manifest } from './manifest.ts';
import { addNanos, chargeNanos, type Nanos, nanos, ZERO_NANOS } from './money.ts';
import type { Usage } from './run.ts';

/** What the platform itself charges, in nano-units of USD. */
export const PLATFORM_RATES = {
  cpuSecondNanos: nanos(20_000n),
  memoryGibSecondNanos: nanos(2_500n),
} as const;

const US_PER_SECOND = 1_000_000n;
const GIB_MS_PER_GIB_SECOND = 1_000n * 2n ** 30n;

export type Priced = Pick<Manifest, 'pricing' | 'resources'>;

/** The lines of one run's charge; `totalNanos` is their sum. Memory is charged as the granted limit over the wall time. */
export interface Charge {
  readonly perRunNanos: Nanos;
  readonly cpuNanos: Nanos;
  readonly memoryNanos: Nanos;
  readonly metersNanos: Nanos;
  readonly totalNanos: Nanos;
}

/** What a run costs, from its verified usage. */
export function chargeFor(capsule: Priced, usage: Usage): Charge {
  const perRunNanos = capsule.pricing.perRunNanos ?? ZERO_NANOS;
  const cpuNanos = chargeNanos(PLATFORM_RATES.cpuSecondNanos, BigInt(usage.cpuUs), US_PER_SECOND);
  const memoryNanos = chargeNanos(
    PLATFORM_RATES.memoryGibSecondNanos,
    BigInt(capsule.resources.memoryBytes) * BigInt(usage.wallMs),
    GIB_MS_PER_GIB_SECOND,
  );
  const metersNanos = addNanos(
    ...Object.entries(capsule.pricing.meters).map(([name, price]) =>
      chargeNanos(price.unitNanos, BigInt(usage.meters[name] ?? 0)),
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
  const { timeoutMs, cpuMillis } = capsule.resources;
  const wallMs = timeoutMs + GRACE_MS;
  return chargeFor(capsule, {
    cpuUs: wallMs * cpuMillis + QUOTA_SLICE_US,
    wallMs,
    memoryPeakBytes: 0,
    memoryByteSeconds: 0,
    inputBytes: 0,
    outputBytes: 0,
    egressBytes: 0,
    meters: Object.fromEntries(
      Object.entries(capsule.pricing.meters).map(([name, { maxPerRun }]) => [name, maxPerRun]),
    ),
  });
}

/** A run is killed at its limit; the kill itself and one CFS period of quota may still be used. */
const GRACE_MS = 1_000;
const QUOTA_SLICE_US = 200_000;
