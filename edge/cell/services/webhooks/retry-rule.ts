/** Fourteen attempts over a good day: 10 s after the first failure, doubling each time. */
const FIRST_DELAY_MS = 10_000;
const MOST_FAILURES = 14;
/** A delay is up to this much shorter or longer, so that what failed together does not come back together. */
const JITTER = 0.2;
/** 410 Gone: the receiver says that it wants nothing more (Standard Webhooks). */
const GONE = 410;

/** So many dead letters one after the other, and a webhook is disabled. */
export const MOST_DEAD_LETTERS = 5;

export type AfterFailure =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly isUnwanted: boolean };

/** What comes after a failed attempt. `failures` counts it in; `random` is from 0 to 1. */
export function afterFailure(failures: number, status: number | null, random: number): AfterFailure {
  if (status === GONE) return { kind: 'dead', isUnwanted: true };
  if (failures >= MOST_FAILURES) return { kind: 'dead', isUnwanted: false };
  const delayMs = FIRST_DELAY_MS * 2 ** (failures - 1);
  return { kind: 'retry', delayMs: Math.round(delayMs * (1 + JITTER * (2 * random - 1))) };
}
