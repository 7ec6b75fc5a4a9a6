import { type AuditEntries, AuditEntriesQuery } from '#contracts/api/audit';

import { requirePermission, type Verb } from '../../context.ts';
import { auditLog } from '../../objects.ts';

/** The chain itself, in its own order: what an offline verifier recomputes. */
export async function auditEntriesAfter({ ctx, input }: Verb<{ after: number; limit: number }>): Promise<AuditEntries> {
  requirePermission(ctx, 'audit:read');
  const query = AuditEntriesQuery.parse(input);
  const entries = await auditLog(ctx, ctx.tenant.id).list(query);
  return { items: entries.map(({ seq, leafHash, record }) => ({ seq, leafHash, record })) };
}
