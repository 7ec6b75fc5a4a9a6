import { and, eq, isNull } from 'drizzle-orm';

import type { AuditCheckpoint } from '#contracts/api/audit';
import { auditEntries } from '#db/postgres/schema/index';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { auditLog } from '../../objects.ts';

/** The signed head of the tenant's chain, and how many committed entries it does not hold yet. */
export async function auditCheckpoint({ ctx }: VerbWithoutInput): Promise<AuditCheckpoint> {
  requirePermission(ctx, 'audit:read');
  // Counted first: an entry that is chained in between is seen twice rather than never.
  const pending = await ctx.db.$count(
    auditEntries,
    and(eq(auditEntries.tenantId, ctx.tenant.id), isNull(auditEntries.chainedSeq)),
  );
  const { note, signature, keyId, publicKeyPem } = await auditLog(ctx, ctx.tenant.id).checkpoint();
  return { note, signature, keyId, publicKeyPem, pending };
}
