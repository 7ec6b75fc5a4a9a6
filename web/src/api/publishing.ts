import { queryOptions } from '@tanstack/react-query';

import { type CapsuleVersion, capsulePathOf, type VersionStatus } from '#contracts/api/capsules';
import type { PublisherKey, RegisterPublisherKey } from '#contracts/api/publisher-keys';
import type { PublisherKeyId, TenantId } from '#contracts/ids';
import * as capsulesApi from '#contracts/operations/capsules';
import * as layersApi from '#contracts/operations/layers';
import * as publisherKeysApi from '#contracts/operations/publisher-keys';

import { allPages } from './all-pages.ts';
import { call } from './client.ts';
import { tenantKey } from './tenants.ts';

/** Also those without an active version: only their publisher looks for these. */
export function capsulesOf(publisher: string) {
  return queryOptions({
    queryKey: ['capsules', 'of', publisher],
    queryFn: ({ signal }) =>
      allPages((query) => call(capsulesApi.search, { query: { ...query, publisher } }, { signal })),
  });
}

export function layerList(tenant: TenantId) {
  return queryOptions({
    queryKey: [...tenantKey(tenant), 'layers'],
    queryFn: ({ signal }) => allPages((query) => call(layersApi.list, { query }, { tenant, signal })),
  });
}

export function publisherKeyList(tenant: TenantId) {
  return queryOptions({
    queryKey: [...tenantKey(tenant), 'publisher-keys'],
    queryFn: async ({ signal }) => (await call(publisherKeysApi.list, {}, { tenant, signal })).items,
  });
}

export function registerPublisherKey(tenant: TenantId, body: RegisterPublisherKey): Promise<PublisherKey> {
  return call(publisherKeysApi.register, { body }, { tenant });
}

export async function revokePublisherKey(tenant: TenantId, id: PublisherKeyId): Promise<void> {
  await call(publisherKeysApi.revoke, { params: { id } }, { tenant });
}

export function setVersionStatus(
  tenant: TenantId,
  { capsule, version, status }: { capsule: string; version: string; status: VersionStatus },
): Promise<CapsuleVersion> {
  const params = { ...capsulePathOf(capsule), version };
  return call(capsulesApi.setStatus, { params, body: { status } }, { tenant });
}
