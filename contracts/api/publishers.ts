import { z } from 'zod';

import { Cell } from '../cells.ts';

/** The first half of its capsules' names. */
const PublisherHandle = z.string().regex(/^[a-z][a-z0-9-]{1,38}$/, 'expected the handle of a publisher');

export const PublisherPath = z.object({ handle: PublisherHandle });
export type PublisherPath = z.infer<typeof PublisherPath>;

export const SetPublisherVerified = z.strictObject({ isVerified: z.boolean() });
export type SetPublisherVerified = z.infer<typeof SetPublisherVerified>;

/**
 * Whether an operator of the platform has verified who a publisher is; runs of one that nobody verified are `strict`. Cells tell each
 * other so, and whoever takes it over keeps the greatest `revision`.
 */
export const PublisherVerification = z.strictObject({
  handle: PublisherHandle,
  homeCell: Cell,
  isVerified: z.boolean(),
  revision: z.int().positive(),
});
export type PublisherVerification = z.infer<typeof PublisherVerification>;
