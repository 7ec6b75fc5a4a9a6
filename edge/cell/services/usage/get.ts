import type { TenantUsage } from '#contracts/api/usage';
import { CURRENCY } from '#contracts/money';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { usageMeter } from '../../objects.ts';
import { periodOf } from '../budget/period.ts';
import { storedUsage } from '../storage/usage.ts';

/** What the tenant used and spent this month, from the meter that also decides what it may still spend. */
export async function getUsage({ ctx }: VerbWithoutInput): Promise<TenantUsage> {
  requirePermission(ctx, 'usage:read');
  const now = ctx.now();
  const month = { from: new Date(`${periodOf(now)}-01T00:00:00Z`), until: now };
  const [summary, storage] = await Promise.all([
    usageMeter(ctx, ctx.tenant.id).summary(),
    storedUsage(ctx.db, ctx.tenant.id, month),
  ]);
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
    storage,
    ledgerSeq,
    flushedSeq,
  };
}
