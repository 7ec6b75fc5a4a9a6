import type { Budget } from '#contracts/objects';

export interface StoredBudget {
  readonly limitNanos: bigint;
  readonly revision: number;
}

/** A tenant's budget as its meter takes it. Without one the limit is zero: nothing runs. */
export function budgetOf(stored: StoredBudget | null, now: Date): Budget {
  const { limitNanos = 0n, revision = 0 } = stored ?? {};
  return { limitNanos: limitNanos.toString(), revision, period: periodOf(now) };
}

/** The calendar month in UTC: `2026-11`. */
export function periodOf(now: Date): string {
  return now.toISOString().slice(0, 7);
}
