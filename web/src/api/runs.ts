import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';

import { type RerunRequest, RunInput, RunPage, type StartRunRequest } from '#contracts/api/runs';
import type { TenantId } from '#contracts/ids';
import { Run, type RunState } from '#contracts/run';

import { queryOf, read, send } from './client.ts';
import { tenantKey } from './tenants.ts';

export interface RunFilter {
  readonly state?: RunState | undefined;
  readonly capsule?: string | undefined;
}

const PAGE_SIZE = 25;
const SETTLING_POLL_MS = 1_000;

export function runsKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'runs'] as const;
}

export function runPages(tenant: TenantId, filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: [...runsKey(tenant), 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      read(RunPage, `/v1/runs${queryOf({ ...filter, limit: PAGE_SIZE, cursor: pageParam })}`, { tenant, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: z.infer<typeof RunPage>) => page.next ?? undefined,
  });
}

/** The run as the cell has recorded it; asked for again until it has ended. */
export function runDetail(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...runsKey(tenant), id],
    queryFn: ({ signal }) => read(Run, `/v1/runs/${id}`, { tenant, signal }),
    refetchInterval: ({ state: { data } }) => (data && data.endedAt === null ? SETTLING_POLL_MS : false),
  });
}

/** Starts a run and answers with its stream. The same key answers with the same run, however often it is sent. */
export function openNewRun(
  tenant: TenantId,
  request: StartRunRequest,
  { idempotencyKey, signal }: { idempotencyKey: string; signal: AbortSignal },
): Promise<Response> {
  return send('/v1/runs', {
    method: 'POST',
    tenant,
    body: request,
    headers: { accept: 'text/event-stream', 'idempotency-key': idempotencyKey },
    signal,
  });
}

/** The frames of a run after `after`: those it holds, then live. */
export function openEvents(tenant: TenantId, id: string, after: number, signal: AbortSignal): Promise<Response> {
  return send(`/v1/runs/${id}/events`, {
    tenant,
    headers: { accept: 'text/event-stream', 'last-event-id': `${after}` },
    signal,
  });
}

/** What a run was given. It never changes. */
export function runInput(tenant: TenantId, id: string) {
  return queryOptions({
    queryKey: [...runsKey(tenant), id, 'input'],
    queryFn: ({ signal }) => read(RunInput, `/v1/runs/${id}/input`, { tenant, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function rerun(
  tenant: TenantId,
  id: string,
  { idempotencyKey, ...body }: RerunRequest & { readonly idempotencyKey: string },
): Promise<Run> {
  const headers = { 'idempotency-key': idempotencyKey };
  return read(Run, `/v1/runs/${id}/rerun`, { method: 'POST', tenant, body, headers });
}

export async function cancelRun(tenant: TenantId, id: string): Promise<void> {
  await send(`/v1/runs/${id}/cancel`, { method: 'POST', tenant });
}
