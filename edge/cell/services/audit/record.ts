import { AuditRecord } from '#contracts/audit';
import { newId } from '#contracts/ids';
import { type JsonValue, storable } from '#contracts/json';
import type { Database, Transaction } from '#db/postgres/client';
import { auditEntries } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';

export interface Evidence {
  readonly action: string;
  readonly target: string;
  readonly outcome?: 'success' | 'refused';
  readonly reason?: string;
  /** Chosen field by field: never a secret, a hash of one, or a whole row. */
  readonly details?: AuditRecord['unmapped'];
}

/** Writes what happened into the transaction that makes it happen. A relay hands it to the tenant's chain. */
export async function recordAudit(tx: Transaction | Database, ctx: Ctx, evidence: Evidence): Promise<void> {
  const record = auditRecord(ctx, evidence);
  await tx.insert(auditEntries).values({ id: record.id, tenantId: ctx.tenant.id, record });
}

/** The record itself, for a hot path that inserts it in a statement of its own making. */
export function auditRecord(
  ctx: Ctx,
  { action, target, outcome = 'success', reason, details = {} }: Evidence,
): AuditRecord {
  return AuditRecord.parse({
    id: newId('aud'),
    tenantId: ctx.tenant.id,
    time: ctx.now().toISOString(),
    action,
    actor: ctx.actor,
    target: storable(target),
    cell: ctx.cell,
    requestId: ctx.requestId,
    outcome,
    ...(reason === undefined ? {} : { reason: storable(reason) }),
    unmapped: Object.fromEntries(Object.entries(details).map(([name, value]) => [name, storableDetail(value)])),
  });
}

/** An entry is written whatever it tells of: a word in it that the store refuses would refuse the change along with it. */
function storableDetail(detail: JsonValue): JsonValue {
  return typeof detail === 'string' ? storable(detail) : detail;
}
