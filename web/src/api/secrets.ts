import { queryOptions } from '@tanstack/react-query';

import type { TenantId } from '#contracts/ids';
import * as secretsApi from '#contracts/operations/secrets';

import { call } from './client.ts';
import { installationsKey } from './installations.ts';

export interface NewSecretValue {
  readonly name: string;
  readonly value: string;
}

export function secretList(tenant: TenantId, installation: string) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), installation, 'secrets'],
    queryFn: async ({ signal }) =>
      (await call(secretsApi.list, { params: { id: installation } }, { tenant, signal })).items,
  });
}

export async function setSecret(
  tenant: TenantId,
  installation: string,
  { name, value }: NewSecretValue,
): Promise<void> {
  await call(secretsApi.set, { params: { id: installation, name }, body: { value } }, { tenant });
}

export async function removeSecret(tenant: TenantId, installation: string, name: string): Promise<void> {
  await call(secretsApi.remove, { params: { id: installation, name } }, { tenant });
}
