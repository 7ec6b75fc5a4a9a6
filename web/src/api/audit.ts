import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { AuditCheckpoint, AuditEntries, AuditPage } from '#contracts/api/audit';
import type { TenantId } from '#contracts/ids';
import * as auditApi from '#contracts/operations/audit';

import { call } from './client.ts';
import { tenantKey } from './tenants.ts';

export interface AuditFilter {
  readonly outcome?: 'success' | 'refused' | undefined;
}

const PAGE_SIZE = 50;
const ENTRIES_AT_ONCE = 1_000;

export function auditPages(tenant: TenantId, filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: [...tenantKey(tenant), 'audit', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      call(auditApi.list, { query: { ...filter, limit: PAGE_SIZE, cursor: pageParam } }, { tenant, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: AuditPage) => page.next ?? undefined,
  });
}

export function auditCheckpoint(tenant: TenantId) {
  return queryOptions({
    queryKey: [...tenantKey(tenant), 'audit', 'checkpoint'],
    queryFn: ({ signal }) => readCheckpoint(tenant, signal),
  });
}

export function readCheckpoint(tenant: TenantId, signal?: AbortSignal): Promise<AuditCheckpoint> {
  return call(auditApi.checkpoint, {}, { tenant, signal });
}

/** The chain's entries after `after`, in its own order. */
export async function readEntries(tenant: TenantId, after: number): Promise<AuditEntries['items']> {
  const { items } = await call(auditApi.entries, { query: { after, limit: ENTRIES_AT_ONCE } }, { tenant });
  return items;
}
