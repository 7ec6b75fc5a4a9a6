import { z } from 'zod';

import { Json } from './json.ts';

/** Keys and values of one installation that outlive a run. A run gets all of it, and what it changes is kept where the run succeeds. */
export const STATE_LIMITS = { maxBytes: 256 * 2 ** 10, maxKeys: 1_000, maxKeyBytes: 128 } as const;
/** One run changes at most all keys that may be there and as many that come into their place: its changes go with its end, in one message. */
export const MAX_CHANGED_KEYS = 2 * STATE_LIMITS.maxKeys;

const PRINTABLE = /^[\x21-\x7e]+$/;

export const StateKey = z
  .string()
  .min(1)
  .max(STATE_LIMITS.maxKeyBytes)
  .regex(PRINTABLE, `expected 1 to ${STATE_LIMITS.maxKeyBytes} visible ASCII characters`)
  .refine((key) => key !== '__proto__', 'expected another key: this one means something else to a program');

/** What a key costs: its own bytes and those of its value as JSON. */
export function stateEntryBytes(key: string, value: unknown): number {
  return key.length + new TextEncoder().encode(JSON.stringify(value)).length;
}

/** What a run starts from. `revision` rises with every change of the installation's state. */
export const StateSnapshot = z.strictObject({
  revision: z.int().min(0),
  entries: z.record(StateKey, Json),
});
export type StateSnapshot = z.infer<typeof StateSnapshot>;

/** One change, as a capsule says it: a key gets a value or is deleted. */
export const StateChange = z.union([
  z.strictObject({ key: StateKey, value: Json }),
  z.strictObject({ key: StateKey, isDeleted: z.literal(true) }),
]);
export type StateChange = z.infer<typeof StateChange>;

/** The last change of each key, by key: what a run did to the state, however often it changed its mind. */
export function lastChanges(changes: Iterable<StateChange>): StateChange[] {
  const byKey = new Map<string, StateChange>();
  for (const change of changes) byKey.set(change.key, change);
  return [...byKey.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
