import { z } from 'zod';

import { AuditRecord } from '../audit.ts';
import { Instant, PageQuery, pageOf, textLine } from './paging.ts';

export const AuditQuery = PageQuery.extend({
  action: textLine(80).optional(),
  outcome: z.enum(['success', 'refused']).optional(),
  actor: textLine(200).optional().describe('Id of the actor'),
  target: textLine(300).optional(),
  since: Instant.optional(),
  until: Instant.optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** `pending`: committed, but not yet in the tenant's chain. */
export const AuditItem = z
  .object({ record: AuditRecord, state: z.enum(['chained', 'pending']), seq: z.int().nullable() })
  .meta({ id: 'AuditItem' });
export type AuditItem = z.infer<typeof AuditItem>;
export const AuditPage = pageOf(AuditItem);
export type AuditPage = z.infer<typeof AuditPage>;

/** What a verifier reads: the chain itself, in order, from the object that writes it. */
export const AuditEntriesQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});
export type AuditEntriesQuery = z.infer<typeof AuditEntriesQuery>;

export const AuditEntries = z.object({
  items: z.array(z.object({ seq: z.int(), leafHash: z.string(), record: AuditRecord })),
});
export type AuditEntries = z.infer<typeof AuditEntries>;

export const AuditCheckpoint = z
  .object({
    note: z.string().describe('C2SP tlog-checkpoint: origin, size, root'),
    signature: z.string().describe('ECDSA P-256 over SHA-256 of the note, DER, base64'),
    keyId: z.string().describe('Fingerprint of the key: compare it with one that was kept'),
    publicKeyPem: z.string(),
    pending: z.int().describe('Entries committed but not yet in the chain'),
  })
  .meta({ id: 'AuditCheckpoint' });
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;
