import { queryOptions } from '@tanstack/react-query';

import type { Installation, UpdateInstallation } from '#contracts/api/installations';
import type { Ask } from '#contracts/client';
import type { InstallationId, TenantId } from '#contracts/ids';
import * as installationsApi from '#contracts/operations/installations';

import { allPages } from './all-pages.ts';
import { call } from './client.ts';
import { tenantKey } from './tenants.ts';

/** As one writes it: what has a default may be left out. */
export type InstallRequest = Ask<typeof installationsApi.install>['body'];

export function installationsKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'installations'] as const;
}

export function installationList(tenant: TenantId) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), 'list'],
    queryFn: ({ signal }) => allPages((query) => call(installationsApi.list, { query }, { tenant, signal })),
  });
}

export function installationDetail(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), id],
    queryFn: ({ signal }) => call(installationsApi.get, { params: { id } }, { tenant, signal }),
  });
}

export function installationCost(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), id, 'cost'],
    queryFn: ({ signal }) => call(installationsApi.cost, { params: { id } }, { tenant, signal }),
  });
}

export function install(tenant: TenantId, body: InstallRequest): Promise<Installation> {
  return call(installationsApi.install, { body }, { tenant });
}

/** A change as a person means it: permissions are granted or taken back one by one. */
export interface InstallationEdit extends Omit<UpdateInstallation, 'approved'> {
  readonly grant?: readonly string[];
  readonly revoke?: readonly string[];
}

/** The API takes the list of permissions as a whole. It is read anew, so that what others changed since the page was loaded stands. */
export async function updateInstallation(
  tenant: TenantId,
  id: string,
  { grant = [], revoke = [], ...change }: InstallationEdit,
): Promise<Installation> {
  const params = { id };
  if (grant.length + revoke.length === 0) return call(installationsApi.update, { params, body: change }, { tenant });
  const { approved } = await call(installationsApi.get, { params }, { tenant });
  const permissions = [...new Set([...approved, ...grant])].filter((permission) => !revoke.includes(permission));
  return call(installationsApi.update, { params, body: { ...change, approved: permissions } }, { tenant });
}

export async function removeInstallation(tenant: TenantId, id: InstallationId): Promise<void> {
  await call(installationsApi.remove, { params: { id } }, { tenant });
}
