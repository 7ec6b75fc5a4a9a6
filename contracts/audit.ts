import canonicalize from 'canonicalize';
import { z } from 'zod';

import { Cell } from './cells.ts';
import { sha256, toHex } from './digest.ts';
import { idOf } from './ids.ts';
import { Json } from './json.ts';

/**
 * One entry of a tenant's audit log, shaped after OCSF 1.x API Activity: who, what, when, where, outcome.
 * `unmapped` is chosen field by field: never a secret, a hash of one, or a whole row.
 */
export const AuditRecord = z.strictObject({
  id: idOf('aud'),
  tenantId: idOf('ten'),
  time: z.iso.datetime(),
  /** `<thing>.<verb>`, such as `installation.create`. */
  action: z.string().regex(/^[a-z][a-z_-]*(\.[a-z][a-z_-]*)+$/),
  actor: z.strictObject({
    type: z.enum(['user', 'api-key', 'external', 'runner', 'schedule', 'operator', 'system']),
    id: z.string(),
    ip: z.string().optional(),
  }),
  target: z.string(),
  cell: Cell,
  requestId: z.string(),
  outcome: z.enum(['success', 'refused']),
  /** The error code of a refusal. */
  reason: z.string().optional(),
  unmapped: z.record(z.string(), Json),
});
export type AuditRecord = z.infer<typeof AuditRecord>;

/** RFC 8785 bytes of a record: the one form that is hashed, stored and exported. */
export function canonicalBytes(record: AuditRecord): Uint8Array {
  const text = canonicalize(record);
  if (text === undefined) throw new TypeError('an audit record is always an object');
  return new TextEncoder().encode(text);
}

/** RFC 6962 §2.1: SHA-256(0x00 ‖ leaf). */
export async function leafHash(record: AuditRecord): Promise<string> {
  const bytes = canonicalBytes(record);
  const leaf = new Uint8Array(bytes.length + 1);
  leaf.set(bytes, 1);
  return toHex(await sha256(leaf));
}
