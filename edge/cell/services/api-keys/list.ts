import { desc, eq } from 'drizzle-orm';

import type { ApiKey } from '#contracts/api/api-keys';
import { apiKeys } from '#db/postgres/schema/index';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { viewApiKey } from './view.ts';

const MOST = 500;

/** The tenant's keys, newest first, revoked ones too. */
export async function listApiKeys({ ctx }: VerbWithoutInput): Promise<ApiKey[]> {
  requirePermission(ctx, 'api-keys:read');
  const rows = await ctx.db
    .select()
    .from(apiKeys)
    .where(eq(apiKeys.tenantId, ctx.tenant.id))
    .orderBy(desc(apiKeys.id))
    .limit(MOST);
  return rows.map(viewApiKey);
}
