import { queryOptions } from '@tanstack/react-query';

import type { CreateSchedule, Schedule } from '#contracts/api/schedules';
import type { CreateWebhook, WebhookDelivery, WebhookWithSecret } from '#contracts/api/webhooks';
import type { DeliveryId, ScheduleId, TenantId, WebhookId } from '#contracts/ids';
import * as schedulesApi from '#contracts/operations/schedules';
import * as webhooksApi from '#contracts/operations/webhooks';

import { allPages } from './all-pages.ts';
import { call } from './client.ts';
import { tenantKey } from './tenants.ts';

/** Time tables and ends of runs bring something new while the page is looked at. */
const REFRESH_MS = 5_000;
const SENDING_POLL_MS = 2_000;

export function schedulesKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'schedules'] as const;
}

export function scheduleList(tenant: TenantId) {
  return queryOptions({
    queryKey: schedulesKey(tenant),
    queryFn: ({ signal }) => allPages((query) => call(schedulesApi.list, { query }, { tenant, signal })),
    refetchInterval: REFRESH_MS,
  });
}

export function createSchedule(tenant: TenantId, body: CreateSchedule): Promise<Schedule> {
  return call(schedulesApi.create, { body }, { tenant });
}

export async function enableSchedule(tenant: TenantId, id: ScheduleId, enabled: boolean): Promise<void> {
  await call(schedulesApi.update, { params: { id }, body: { enabled } }, { tenant });
}

export async function removeSchedule(tenant: TenantId, id: ScheduleId): Promise<void> {
  await call(schedulesApi.remove, { params: { id } }, { tenant });
}

export function webhooksKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'webhooks'] as const;
}

export function webhookList(tenant: TenantId) {
  return queryOptions({
    queryKey: webhooksKey(tenant),
    queryFn: async ({ signal }) => (await call(webhooksApi.list, {}, { tenant, signal })).items,
  });
}

export function createWebhook(tenant: TenantId, body: CreateWebhook): Promise<WebhookWithSecret> {
  return call(webhooksApi.create, { body }, { tenant });
}

export async function enableWebhook(tenant: TenantId, id: WebhookId, enabled: boolean): Promise<void> {
  await call(webhooksApi.update, { params: { id }, body: { enabled } }, { tenant });
}

export async function removeWebhook(tenant: TenantId, id: WebhookId): Promise<void> {
  await call(webhooksApi.remove, { params: { id } }, { tenant });
}

export function deliveryList(tenant: TenantId, id: WebhookId) {
  return queryOptions({
    queryKey: [...webhooksKey(tenant), id, 'deliveries'],
    queryFn: ({ signal }) => call(webhooksApi.deliveries, { params: { id } }, { tenant, signal }),
    refetchInterval: ({ state: { data } }) =>
      data?.items.some(({ state }) => state === 'pending') ? SENDING_POLL_MS : REFRESH_MS,
  });
}

export function pingWebhook(tenant: TenantId, id: WebhookId): Promise<WebhookDelivery> {
  return call(webhooksApi.ping, { params: { id } }, { tenant });
}

export function retryDelivery(tenant: TenantId, id: WebhookId, delivery: DeliveryId): Promise<WebhookDelivery> {
  return call(webhooksApi.retry, { params: { id, deliveryId: delivery } }, { tenant });
}
