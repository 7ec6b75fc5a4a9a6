import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 20;

/** Tries until `attempt` gives something or `signal` aborts; an attempt that throws counts as "not yet". */
export async function untilAnswering<T>(
  attempt: () => Promise<T | undefined>,
  signal: AbortSignal,
  pauseMs = PAUSE_MS,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await attempt().catch(() => undefined);
    if (answer !== undefined) return answer;
    await delay(pauseMs, undefined, { signal });
  }
}
