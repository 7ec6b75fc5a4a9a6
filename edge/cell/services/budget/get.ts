import { eq } from 'drizzle-orm';

import type { TenantBudget } from '#contracts/api/usage';
import { budgets } from '#db/postgres/schema/index';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { budgetView } from './view.ts';

/** What the tenant may spend in a month; zero where it never said. */
export async function getBudget({ ctx }: VerbWithoutInput): Promise<TenantBudget> {
  requirePermission(ctx, 'usage:read');
  const [row] = await ctx.db.select().from(budgets).where(eq(budgets.tenantId, ctx.tenant.id));
  return budgetView(row);
}
