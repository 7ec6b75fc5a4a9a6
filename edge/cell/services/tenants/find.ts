import { eq } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { TenantId } from '#contracts/ids';
import { tenants } from '#db/postgres/schema/index';

import type { Ctx, Platform } from '../../context.ts';

/** A tenant of this cell, for what the platform does by itself. @throws not_found */
export async function tenantOf({ db }: Platform, id: TenantId): Promise<Ctx['tenant']> {
  const [tenant] = await db.select({ id: tenants.id, handle: tenants.handle }).from(tenants).where(eq(tenants.id, id));
  if (!tenant) throw new NotFound('tenant');
  return tenant;
}
