import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { RerunRequest, StartRunRequest } from '#contracts/api/runs';
import type { Answered } from '#contracts/client';
import type { TenantId } from '#contracts/ids';
import * as artifactsApi from '#contracts/operations/artifacts';
import * as runsApi from '#contracts/operations/runs';
import type { Run, RunState } from '#contracts/run';

import { call, open } from './client.ts';
import { tenantKey } from './tenants.ts';

export interface RunFilter {
  readonly state?: RunState | undefined;
  readonly capsule?: string | undefined;
}

const PAGE_SIZE = 25;
const SETTLING_POLL_MS = 1_000;
const LINKS_RENEWED_MS = 240_000;

export function runsKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'runs'] as const;
}

export function runPages(tenant: TenantId, filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: [...runsKey(tenant), 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      call(runsApi.list, { query: { ...filter, limit: PAGE_SIZE, cursor: pageParam } }, { tenant, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Answered<typeof runsApi.list>) => page.next ?? undefined,
  });
}

/** The run as the cell has recorded it; asked for again until it has ended. */
export function runDetail(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...runsKey(tenant), id],
    queryFn: ({ signal }) => call(runsApi.get, { params: { id } }, { tenant, signal }),
    refetchInterval: ({ state: { data } }) => (data && data.endedAt === null ? SETTLING_POLL_MS : false),
  });
}

/** The files of a run that has ended, with links that are renewed before they expire. */
export function runArtifacts(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...runsKey(tenant), id, 'artifacts'],
    queryFn: ({ signal }) => call(artifactsApi.list, { params: { id } }, { tenant, signal }),
    refetchInterval: ({ state: { data } }) =>
      data?.items.some(({ state }) => state === 'pending') ? SETTLING_POLL_MS : LINKS_RENEWED_MS,
  });
}

/** Starts a run and answers with its stream. The same key answers with the same run, however often it is sent. */
export function openNewRun(
  tenant: TenantId,
  request: StartRunRequest,
  { idempotencyKey, signal }: { idempotencyKey: string; signal: AbortSignal },
): Promise<Response> {
  const headers = { 'idempotency-key': idempotencyKey };
  return open(runsApi.start, { body: request, headers }, { tenant, signal });
}

/** The frames of a run after `after`: those it holds, then live. */
export function openEvents(tenant: TenantId, id: string, after: number, signal: AbortSignal): Promise<Response> {
  return open(runsApi.watch, { params: { id }, headers: { 'last-event-id': after } }, { tenant, signal });
}

/** What a run was given. It never changes. */
export function runInput(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...runsKey(tenant), id, 'input'],
    queryFn: ({ signal }) => call(runsApi.input, { params: { id } }, { tenant, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function rerun(
  tenant: TenantId,
  id: string,
  { idempotencyKey, ...body }: RerunRequest & { readonly idempotencyKey: string },
): Promise<Run> {
  const headers = { 'idempotency-key': idempotencyKey };
  return call(runsApi.again, { params: { id }, body, headers }, { tenant });
}

export async function cancelRun(tenant: TenantId, id: string): Promise<void> {
  await call(runsApi.cancel, { params: { id } }, { tenant });
}
