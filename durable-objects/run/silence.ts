import { HEARTBEAT_EXPIRY_MS, HEARTBEAT_INTERVAL_MS } from '#contracts/runner';

/**
 * A runner that was asked in vain for so long, and sends no heartbeats for HEARTBEAT_EXPIRY_MS, is gone, and its runs with it. Together with
 * the ways there a run is known to be lost within ten seconds.
 */
export const UNREACHABLE_MS = 2_000;
/** As long as the runner may take to answer: it has the frames at hand, and one that takes longer is asked again. */
const MOST_PATIENCE_MS = 2_000;
const LEAST_PATIENCE_MS = 250;
/** A quiet run whose runner missed a heartbeat is worth a question to the runner. */
export const SUSPICIOUS_MS = 2 * HEARTBEAT_INTERVAL_MS;

/** What is known of a runner that this run hangs on. */
export interface Silence {
  /** How long it has not answered this object. */
  readonly unreachableForMs: number;
  /** How long the fleet has listened in vain. */
  readonly heartbeatSilentMs: number;
}

export const NOT_ASKED_YET: Silence = { unreachableForMs: 0, heartbeatSilentMs: 0 };

/** Both must be long: a cell whose own door was shut has heard no heartbeats either, and finds its runners well. */
export function isRunnerGone({ unreachableForMs, heartbeatSilentMs }: Silence): boolean {
  return unreachableForMs >= UNREACHABLE_MS && heartbeatSilentMs >= HEARTBEAT_EXPIRY_MS;
}

/** How long the next question to the runner may take, so that it is known to be gone no later than it is. */
export function patienceMs({ unreachableForMs, heartbeatSilentMs }: Silence): number {
  const goneInMs = Math.max(UNREACHABLE_MS - unreachableForMs, HEARTBEAT_EXPIRY_MS - heartbeatSilentMs);
  return Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, goneInMs));
}
