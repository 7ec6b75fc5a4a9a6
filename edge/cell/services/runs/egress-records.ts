import type { AuditRecord } from '#contracts/audit';
import type { EgressReport } from '#contracts/egress';
import type { RunId } from '#contracts/ids';

import type { Ctx } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';

/** The evidence of where a run connected and from where it was kept: an entry for each target and outcome, and one that counts the rest. */
export function egressRecords(ctx: Ctx, runId: RunId, { rows, others }: EgressReport): AuditRecord[] {
  const records = rows.map(({ refusal, ...details }) =>
    refusal === null
      ? auditRecord(ctx, { action: 'run.egress', target: runId, details })
      : auditRecord(ctx, { action: 'run.egress_refused', target: runId, outcome: 'refused', reason: refusal, details }),
  );
  if (others === 0) return records;
  return [...records, auditRecord(ctx, { action: 'run.egress', target: runId, details: { others } })];
}
