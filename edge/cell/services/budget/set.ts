import { sql } from 'drizzle-orm';

import type { SetBudget, TenantBudget } from '#contracts/api/usage';
import { budgets } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { usageMeter } from '../../objects.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { budgetOf } from './period.ts';
import { budgetView } from './view.ts';

/**
 * Sets what the tenant may spend in a calendar month. Every set raises the revision, by which the meter knows the newest; the meter
 * is told at once; where it cannot be reached the caller may repeat this, and the next run tells it too.
 */
export async function setBudget({ ctx, input }: Verb<SetBudget>): Promise<TenantBudget> {
  requirePermission(ctx, 'budget:write');
  const { limitNanos } = input;

  const budget = await transact(ctx, async (tx) => {
    const change = { limitNanos, updatedAt: ctx.now() };
    const [row] = await tx
      .insert(budgets)
      .values({ tenantId: ctx.tenant.id, revision: 1, ...change })
      .onConflictDoUpdate({ target: budgets.tenantId, set: { ...change, revision: sql`${budgets.revision} + 1` } })
      .returning();
    if (!row) throw new TypeError('an upsert always returns its row');
    await recordAudit(tx, ctx, {
      action: 'budget.set',
      target: ctx.tenant.id,
      details: { limitNanos: limitNanos.toString(), revision: row.revision },
    });
    return row;
  });
  await usageMeter(ctx, ctx.tenant.id).setBudget(budgetOf(budget, ctx.now()));
  return budgetView(budget);
}
