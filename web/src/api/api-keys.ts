import { queryOptions } from '@tanstack/react-query';

import type { CreateApiKey, CreatedApiKey } from '#contracts/api/api-keys';
import type { ApiKeyId, TenantId } from '#contracts/ids';
import * as apiKeysApi from '#contracts/operations/api-keys';

import { call } from './client.ts';
import { tenantKey } from './tenants.ts';

export function apiKeysKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'api-keys'] as const;
}

export function apiKeyList(tenant: TenantId) {
  return queryOptions({
    queryKey: apiKeysKey(tenant),
    queryFn: async ({ signal }) => (await call(apiKeysApi.list, {}, { tenant, signal })).items,
  });
}

export function createApiKey(tenant: TenantId, body: CreateApiKey): Promise<CreatedApiKey> {
  return call(apiKeysApi.create, { body }, { tenant });
}

export async function revokeApiKey(tenant: TenantId, id: ApiKeyId): Promise<void> {
  await call(apiKeysApi.revoke, { params: { id } }, { tenant });
}
