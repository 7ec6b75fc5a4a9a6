import { queryOptions } from '@tanstack/react-query';

import { CostPreview, type Install, Installation } from '#contracts/api/installations';
import { pageOf } from '#contracts/api/paging';
import type { InstallationId, TenantId } from '#contracts/ids';

import { readAllPages } from './all-pages.ts';
import { read, send } from './client.ts';
import { tenantKey } from './tenants.ts';

const InstallationPage = pageOf(Installation);

export function installationsKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'installations'] as const;
}

export function installationList(tenant: TenantId) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), 'list'],
    queryFn: ({ signal }) => readAllPages(InstallationPage, '/v1/installations', { tenant, signal }),
  });
}

export function installationDetail(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), id],
    queryFn: ({ signal }) => read(Installation, `/v1/installations/${id}`, { tenant, signal }),
  });
}

export function installationCost(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), id, 'cost'],
    queryFn: ({ signal }) => read(CostPreview, `/v1/installations/${id}/cost`, { tenant, signal }),
  });
}

export function install(tenant: TenantId, body: Install): Promise<Installation> {
  return read(Installation, '/v1/installations', { method: 'POST', tenant, body });
}

export async function removeInstallation(tenant: TenantId, id: InstallationId): Promise<void> {
  await send(`/v1/installations/${id}`, { method: 'DELETE', tenant });
}
