import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';

import { ApiKey, type CreateApiKey, CreatedApiKey } from '#contracts/api/api-keys';
import type { ApiKeyId, TenantId } from '#contracts/ids';

import { read, send } from './client.ts';
import { tenantKey } from './tenants.ts';

const ApiKeyList = z.object({ items: z.array(ApiKey) }).transform(({ items }) => items);

export function apiKeysKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'api-keys'] as const;
}

export function apiKeyList(tenant: TenantId) {
  return queryOptions({
    queryKey: apiKeysKey(tenant),
    queryFn: ({ signal }) => read(ApiKeyList, '/v1/api-keys', { tenant, signal }),
  });
}

export function createApiKey(tenant: TenantId, body: CreateApiKey): Promise<CreatedApiKey> {
  return read(CreatedApiKey, '/v1/api-keys', { method: 'POST', tenant, body });
}

export async function revokeApiKey(tenant: TenantId, id: ApiKeyId): Promise<void> {
  await send(`/v1/api-keys/${id}`, { method: 'DELETE', tenant });
}
