import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { Answered } from '#contracts/client';
import type { TenantId } from '#contracts/ids';
import * as stateApi from '#contracts/operations/capsule-state';
import * as datasetsApi from '#contracts/operations/datasets';

import { call } from './client.ts';
import { installationsKey } from './installations.ts';

const ROWS_PAGE_SIZE = 50;
/** Runs change it whether the page is open or not: what was read before is shown, and read anew. */
const CHANGED_BY_RUNS = { staleTime: 0, refetchInterval: 5_000 };

// What the runs of an installation have left behind for its tenant and for each other.

export function installationState(tenant: TenantId, installation: string) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), installation, 'state'],
    queryFn: ({ signal }) => call(stateApi.list, { params: { id: installation } }, { tenant, signal }),
    ...CHANGED_BY_RUNS,
  });
}

export async function removeStateKey(tenant: TenantId, installation: string, key: string): Promise<void> {
  await call(stateApi.remove, { params: { id: installation, key } }, { tenant });
}

export async function clearState(tenant: TenantId, installation: string): Promise<void> {
  await call(stateApi.clear, { params: { id: installation } }, { tenant });
}

export function datasetList(tenant: TenantId, installation: string) {
  return queryOptions({
    queryKey: [...installationsKey(tenant), installation, 'datasets'],
    queryFn: async ({ signal }) =>
      (await call(datasetsApi.list, { params: { id: installation } }, { tenant, signal })).items,
    ...CHANGED_BY_RUNS,
  });
}

export function datasetRows(tenant: TenantId, installation: string, name: string) {
  return infiniteQueryOptions({
    queryKey: [...installationsKey(tenant), installation, 'datasets', name],
    queryFn: ({ pageParam, signal }) =>
      call(
        datasetsApi.items,
        { params: { id: installation, name }, query: { limit: ROWS_PAGE_SIZE, cursor: pageParam } },
        { tenant, signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Answered<typeof datasetsApi.items>) => page.next ?? undefined,
    staleTime: CHANGED_BY_RUNS.staleTime,
  });
}

export interface DatasetRetention {
  readonly name: string;
  /** null: as the capsule says, or until somebody deletes them. */
  readonly days: number | null;
}

export async function setRetention(
  tenant: TenantId,
  installation: string,
  { name, days }: DatasetRetention,
): Promise<void> {
  await call(datasetsApi.setRetention, { params: { id: installation, name }, body: { days } }, { tenant });
}

export async function removeDataset(tenant: TenantId, installation: string, name: string): Promise<void> {
  await call(datasetsApi.remove, { params: { id: installation, name } }, { tenant });
}
