/** What is remembered of one class's arrivals. Its numbers are as they were at `atMs`, and fade from then on. */
export interface Demand {
  /** Arrivals a millisecond, an exponentially weighted mean. */
  readonly ratePerMs: number;
  /** Sandboxes the arrivals took and a refill at its usual pace had not yet replaced. */
  readonly backlog: number;
  /** The deepest backlog of late: what the next burst may take before any refill can help. */
  readonly burst: number;
  readonly atMs: number;
}

export const NO_DEMAND: Demand = { ratePerMs: 0, backlog: 0, burst: 0, atMs: 0 };

/** What was asked for once is kept ready for about five times as long. */
const MEMORY_MS = 60_000;
/** Less than this is as good as forgotten. */
const FORGOTTEN = 0.01;

/** One more arrival. `replaceMs` is what it takes until a sandbox that was taken is replaced. */
export function arrived(demand: Demand, nowMs: number, replaceMs: number): Demand {
  const elapsedMs = Math.max(0, nowMs - demand.atMs);
  const kept = Math.exp(-elapsedMs / MEMORY_MS);
  const backlog = Math.max(0, demand.backlog - elapsedMs / replaceMs) + 1;
  return {
    ratePerMs: demand.ratePerMs * kept + 1 / MEMORY_MS,
    backlog,
    burst: Math.max(backlog, demand.burst * kept),
    atMs: nowMs,
  };
}

/** How many warm sandboxes this demand is worth: what arrives while one is replaced, and room for a burst. */
export function worth({ ratePerMs, burst, atMs }: Demand, nowMs: number, replaceMs: number): number {
  const kept = Math.exp(-Math.max(0, nowMs - atMs) / MEMORY_MS);
  const exact = (ratePerMs * replaceMs + burst) * kept;
  return exact < FORGOTTEN ? 0 : Math.max(1, Math.round(exact));
}
