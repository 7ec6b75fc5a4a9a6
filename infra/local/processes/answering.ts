import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 20;

/** Tries until `attempt` gives something or `signal` aborts; an attempt that throws counts as "not yet". */
export async function untilAnswering<T>(attempt: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await attempt().catch(() => undefined);
    if (answer !== undefined) return answer;
    await delay(PAUSE_MS, undefined, { signal });
  }
}

export function acceptsConnections(port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
