/**
 * For how long something has lasted, by a wall clock that may be set meanwhile. workerd has no other: there `performance.now()` is `Date.now()`,
 * and timers follow it. So what passed between two looks counts for at most one lap, and never for less than nothing: to whatever time
 * the clock is set, that moves the measure by one lap. Who looks less often than that measures too little.
 */
export class Stopwatch {
  private readonly mostLapMs: number;
  private lastMs: number;
  private elapsedMs = 0;

  constructor(mostLapMs: number, nowMs: number) {
    this.mostLapMs = mostLapMs;
    this.lastMs = nowMs;
  }

  lap(nowMs: number): number {
    this.elapsedMs += Math.min(this.mostLapMs, Math.max(0, nowMs - this.lastMs));
    this.lastMs = nowMs;
    return this.elapsedMs;
  }
}
