export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

/** Exponential: `firstMs` after the first failure (`failures` = 0), doubling up to the cap. */
export function backoffMs(failures: number, { firstMs, capMs }: Backoff): number {
  return Math.min(capMs, firstMs * 2 ** Math.min(failures, 40));
}
