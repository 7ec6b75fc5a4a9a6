import { queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';

import type { SetBudget as SetBudgetRequest, TenantBudget } from '#contracts/api/usage';
import type { TenantId } from '#contracts/ids';
import * as usageApi from '#contracts/operations/usage';

import { call } from './client.ts';
import { tenantKey } from './tenants.ts';

const REFRESH_MS = 5_000;

export function usageKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'usage'] as const;
}

export function tenantUsage(tenant: TenantId) {
  return queryOptions({
    queryKey: usageKey(tenant),
    queryFn: ({ signal }) => call(usageApi.get, {}, { tenant, signal }),
    refetchInterval: REFRESH_MS,
  });
}

export function setBudget(tenant: TenantId, body: z.input<typeof SetBudgetRequest>): Promise<TenantBudget> {
  return call(usageApi.setBudget, { body }, { tenant });
}
