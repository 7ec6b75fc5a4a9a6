import { z } from 'zod';

import { StateKey } from '../capsule-state.ts';
import { idOf } from '../ids.ts';
import { isStorable, Json } from '../json.ts';

export const StatePath = z.object({ id: idOf('ins'), key: StateKey });
export type StatePath = z.infer<typeof StatePath>;

export const SetState = z.strictObject({
  value: Json.refine((value) => isStorable(value), 'expected text without U+0000 and lone surrogates'),
});
export type SetState = z.infer<typeof SetState>;

export const StateEntry = z
  .object({
    key: z.string(),
    value: Json,
    sizeBytes: z.int(),
    revision: z.int().describe('Of the state as a whole, when this value came'),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'StateEntry' });
export type StateEntry = z.infer<typeof StateEntry>;

/** All of an installation's state; it is small enough for one answer. */
export const InstallationState = z
  .object({
    revision: z.int().describe('Rises with every change; 0 where there never was one'),
    sizeBytes: z.int(),
    items: z.array(StateEntry).describe('By key'),
  })
  .meta({ id: 'InstallationState' });
export type InstallationState = z.infer<typeof InstallationState>;
