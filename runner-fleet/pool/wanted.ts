import { type Demand, worth } from './demand.ts';

/** Sandboxes of one kind that can stand in for each other. */
export interface PoolClass {
  readonly key: string;
  /** Kept at any time, whether or not anybody asks. */
  readonly floor: number;
  /** What one that waits takes of the machine's memory. */
  readonly costBytes: number;
  readonly demand: Demand;
  /** Until a sandbox that was taken is replaced. */
  readonly replaceMs: number;
}

const MAX_PER_CLASS = 64;

/**
 * How many sandboxes of each class to keep warm. Every class gets its floor; the memory that is left is handed out one sandbox at a
 * time, always to the class that has the smallest part of what its demand is worth, until one does not fit.
 *
 * Invariants: together they never cost more than the budget; no class gets less than its floor; a class never gets less for being in
 * more demand.
 * @throws RangeError the floors alone do not fit
 */
export function wanted(classes: readonly PoolClass[], nowMs: number, memoryBytes: number): ReadonlyMap<string, number> {
  const counts = new Map(classes.map(({ key, floor }) => [key, floor]));
  let leftBytes = memoryBytes - floorBytes(classes);
  if (leftBytes < 0) throw new RangeError('the floors of the pool do not fit its memory');

  const claims = classes.flatMap((poolClass) => claimsOf(poolClass, nowMs));
  for (const { key, costBytes } of claims.toSorted(byUrgency)) {
    if (costBytes > leftBytes) break;
    leftBytes -= costBytes;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

export function floorBytes(classes: readonly Pick<PoolClass, 'floor' | 'costBytes'>[]): number {
  return classes.reduce((sum, { floor, costBytes }) => sum + floor * costBytes, 0);
}

interface Claim {
  readonly key: string;
  readonly costBytes: number;
  readonly urgency: number;
}

/** One for each sandbox beyond the floor; the further a class is provided for, the less urgent is its next. */
function claimsOf({ key, floor, costBytes, demand, replaceMs }: PoolClass, nowMs: number): Claim[] {
  const needed = Math.min(MAX_PER_CLASS, worth(demand, nowMs, replaceMs));
  return Array.from({ length: Math.max(0, needed - floor) }, (_, index) => ({
    key,
    costBytes,
    urgency: needed / (floor + index + 1),
  }));
}

function byUrgency(a: Claim, b: Claim): number {
  return b.urgency - a.urgency || (a.key < b.key ? -1 : 1);
}
