import type { Resources } from '#contracts/manifest';
import { memoryByteSecondsOf, type Usage } from '#contracts/run';

/**
 * Believes of a receipt only what a run with these resources can have used.
 * Both sides count alike, so that nothing is allowed on top: wall time ends at its limit, and a byte-second that was begun counts whole.
 * @throws Error that says what cannot be so
 */
export function assertPossible(
  usage: Usage,
  { memoryBytes, timeoutMs }: Pick<Resources, 'memoryBytes' | 'timeoutMs'>,
): void {
  const { wallUs, memoryByteSeconds } = usage;
  if (wallUs > timeoutMs * 1_000)
    throw new Error(`the receipt says that it ran for ${wallUs} µs; its limit was ${timeoutMs} ms`);
  const most = memoryByteSecondsOf(memoryBytes, wallUs);
  if (memoryByteSeconds > most)
    throw new Error(
      `the receipt says ${memoryByteSeconds} byte-seconds of memory; ${memoryBytes} bytes for ${wallUs} µs come to ${most}`,
    );
}
