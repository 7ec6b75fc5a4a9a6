import { asc, eq } from 'drizzle-orm';

import type { TenantMembership } from '#contracts/api/tenants';
import { zoneOf } from '#contracts/cells';
import type { UserId } from '#contracts/ids';
import type { Database, Transaction } from '#db/postgres/client';
import { members, tenants } from '#db/postgres/schema/index';

/** The tenants a person belongs to, oldest first. */
export async function membershipsOf(db: Database | Transaction, userId: UserId): Promise<TenantMembership[]> {
  const rows = await db
    .select({ tenant: tenants, role: members.role })
    .from(members)
    .innerJoin(tenants, eq(tenants.id, members.tenantId))
    .where(eq(members.userId, userId))
    .orderBy(asc(tenants.id));
  return rows.map(({ tenant, role }) => viewTenant(tenant, role));
}

export function viewTenant(tenant: typeof tenants.$inferSelect, role: TenantMembership['role']): TenantMembership {
  return {
    id: tenant.id,
    name: tenant.name,
    handle: tenant.handle,
    cell: tenant.cell,
    zone: zoneOf(tenant.cell),
    residency: tenant.residency,
    createdAt: tenant.createdAt.toISOString(),
    role,
  };
}
