import { z } from 'zod';

import { Cell } from './cells.ts';

/** How cells reach the global directory: `POST /internal/directory/<operation>` at the router, with a cell's token. */
const Name = { kind: z.enum(['email-hash', 'handle']), key: z.string().min(2).max(128) };
const Owner = z.string().min(1).max(128);

export const ClaimName = z.strictObject({ ...Name, owner: Owner });
export type ClaimName = z.infer<typeof ClaimName>;

export const FindName = z.strictObject(Name);
export type FindName = z.infer<typeof FindName>;

/** `taken`: someone else holds it, and who. */
export const NameClaim = z.object({ kind: z.enum(['claimed', 'taken']), cell: Cell, owner: z.string() });
export type NameClaim = z.infer<typeof NameClaim>;

export const NameHolder = z.object({ cell: Cell, owner: z.string() }).nullable();
export type NameHolder = z.infer<typeof NameHolder>;
