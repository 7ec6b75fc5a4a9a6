import type { TenantId } from '#contracts/ids';

/** Under this stands everything that was fetched for a tenant. */
export const tenantsKey = ['tenant'] as const;

export function tenantKey(tenant: TenantId) {
  return [...tenantsKey, tenant] as const;
}
