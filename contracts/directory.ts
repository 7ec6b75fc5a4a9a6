import { z } from 'zod';

import { Cell } from './cells.ts';

/**
 * How a cell claims a name in the global directory: `POST /internal/directory/claim` at the router, with the cell's token. The cell
 * that a name is claimed for is the one that asks.
 */
export const ClaimName = z.strictObject({
  kind: z.enum(['email-hash', 'handle']),
  key: z.string().min(2).max(128),
  owner: z.string().min(1).max(128),
});
export type ClaimName = z.infer<typeof ClaimName>;

/** `taken`: someone else holds it, and who. */
export const NameClaim = z.object({ kind: z.enum(['claimed', 'taken']), cell: Cell, owner: z.string() });
export type NameClaim = z.infer<typeof NameClaim>;

/** The directory is spread over objects by the beginning of the name, so that none of them sees all of the traffic. */
export function directoryShard({ kind, key }: Pick<ClaimName, 'kind' | 'key'>): string {
  return `${kind}:${key.slice(0, 2)}`;
}
