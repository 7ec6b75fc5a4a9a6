import { desc, eq, isNull } from 'drizzle-orm';

import type { ApiKey } from '#contracts/api/api-keys';
import { apiKeys } from '#db/postgres/schema/index';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { MOST_KEYS } from './create.ts';
import { viewApiKey } from './view.ts';

/** The tenant's keys, newest first: all that are not revoked, and of the others as many as there is room for. */
export async function listApiKeys({ ctx }: VerbWithoutInput): Promise<ApiKey[]> {
  requirePermission(ctx, 'api-keys:read');
  const rows = await ctx.db
    .select()
    .from(apiKeys)
    .where(eq(apiKeys.tenantId, ctx.tenant.id))
    .orderBy(desc(isNull(apiKeys.revokedAt)), desc(apiKeys.id))
    .limit(MOST_KEYS);
  return rows.toSorted((a, b) => (a.id < b.id ? 1 : -1)).map(viewApiKey);
}
