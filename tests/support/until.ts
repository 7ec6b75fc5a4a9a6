import { setTimeout as delay } from 'node:timers/promises';

const WITHIN_MS = 20_000;

/**
 * Looks again until what is seen is so, for what happens behind an answer. A look that fails is a look that saw nothing yet.
 * Without a condition, anything truthy is what was waited for.
 */
export async function until<T>(what: string, look: () => Promise<T> | T): Promise<Exclude<T, false | null | undefined>>;
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  isSo: (seen: T) => boolean,
  withinMs?: number,
): Promise<T>;
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  isSo: (seen: T) => boolean = Boolean,
  withinMs = WITHIN_MS,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (isSo(seen)) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what} does not come about`, { cause: last });
    await delay(50);
  }
}
