import { z } from 'zod';

import { idOf } from '../ids.ts';
import { Permission } from '../permissions.ts';
import { textLine } from './paging.ts';

export const CreateApiKey = z.strictObject({
  name: textLine(80).min(1).describe('Unique among the keys of the tenant that are not revoked'),
  scopes: z.array(Permission).min(1).describe('No more than its creator may do'),
  expiresInDays: z.int().min(1).max(365).default(90),
});
export type CreateApiKey = z.infer<typeof CreateApiKey>;

export const ApiKeyPath = z.object({ id: idOf('key') });

export const ApiKey = z
  .object({
    id: idOf('key'),
    name: z.string(),
    hint: z.string().describe('How the key begins'),
    scopes: z.array(Permission),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('To the minute'),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof ApiKey>;

/** The only answer that ever holds the key itself. */
export const CreatedApiKey = ApiKey.extend({ key: z.string() }).meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;
