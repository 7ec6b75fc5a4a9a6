import { queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';

import { type SetBudget as SetBudgetRequest, TenantBudget, TenantUsage } from '#contracts/api/usage';
import type { TenantId } from '#contracts/ids';

import { read } from './client.ts';
import { tenantKey } from './tenants.ts';

const REFRESH_MS = 5_000;

export function usageKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'usage'] as const;
}

export function tenantUsage(tenant: TenantId) {
  return queryOptions({
    queryKey: usageKey(tenant),
    queryFn: ({ signal }) => read(TenantUsage, '/v1/usage', { tenant, signal }),
    refetchInterval: REFRESH_MS,
  });
}

export function setBudget(tenant: TenantId, body: z.input<typeof SetBudgetRequest>): Promise<TenantBudget> {
  return read(TenantBudget, '/v1/budget', { method: 'PUT', tenant, body });
}
