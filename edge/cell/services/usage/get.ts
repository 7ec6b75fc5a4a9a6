import type { TenantUsage } from '#contracts/api/usage';
import { CURRENCY } from '#contracts/money';

import { type Ctx, requirePermission } from '../../context.ts';
import { usageMeter } from '../../objects.ts';

/** What the tenant used and spent this month, from the meter that also decides what it may still spend. */
export async function getUsage(ctx: Ctx): Promise<TenantUsage> {
  requirePermission(ctx, 'usage:read');
  const summary = await usageMeter(ctx, ctx.tenant.id).summary();
  const { period, limitNanos, settledNanos, reservedNanos, availableNanos, runs, totals, ledgerSeq, flushedSeq } =
    summary;
  return {
    period,
    currency: CURRENCY,
    limitNanos,
    settledNanos,
    reservedNanos,
    availableNanos,
    runs,
    totals,
    ledgerSeq,
    flushedSeq,
  };
}
