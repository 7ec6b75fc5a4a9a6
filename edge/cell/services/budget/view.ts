import type { TenantBudget } from '#contracts/api/usage';
import { CURRENCY } from '#contracts/money';

interface BudgetRow {
  readonly limitNanos: bigint;
  readonly revision: number;
  readonly updatedAt: Date;
}

export function budgetView(row: BudgetRow | undefined): TenantBudget {
  return {
    limitNanos: (row?.limitNanos ?? 0n).toString(),
    currency: CURRENCY,
    revision: row?.revision ?? 0,
    updatedAt: row?.updatedAt.toISOString() ?? null,
  };
}
