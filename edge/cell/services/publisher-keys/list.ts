import { desc, eq } from 'drizzle-orm';

import type { PublisherKey } from '#contracts/api/publisher-keys';
import { publisherKeys } from '#db/postgres/schema/index';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { publisherKeyView } from './view.ts';

/** The tenant's signing keys, newest first, revoked ones too. */
export async function listPublisherKeys({ ctx }: VerbWithoutInput): Promise<PublisherKey[]> {
  requirePermission(ctx, 'publisher-keys:read');
  const rows = await ctx.db
    .select()
    .from(publisherKeys)
    .where(eq(publisherKeys.tenantId, ctx.tenant.id))
    .orderBy(desc(publisherKeys.id));
  return rows.map(publisherKeyView);
}
