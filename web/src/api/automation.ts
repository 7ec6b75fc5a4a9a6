import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';

import { type CreateSchedule, Schedule, SchedulePage } from '#contracts/api/schedules';
import {
  type CreateWebhook,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryPage,
  WebhookWithSecret,
} from '#contracts/api/webhooks';
import type { DeliveryId, ScheduleId, TenantId, WebhookId } from '#contracts/ids';

import { readAllPages } from './all-pages.ts';
import { read, send } from './client.ts';
import { tenantKey } from './tenants.ts';

const WebhookList = z.object({ items: z.array(Webhook) }).transform(({ items }) => items);

export function schedulesKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'schedules'] as const;
}

export function scheduleList(tenant: TenantId) {
  return queryOptions({
    queryKey: schedulesKey(tenant),
    queryFn: ({ signal }) => readAllPages(SchedulePage, '/v1/schedules', { tenant, signal }),
  });
}

export function createSchedule(tenant: TenantId, body: CreateSchedule): Promise<Schedule> {
  return read(Schedule, '/v1/schedules', { method: 'POST', tenant, body });
}

export async function enableSchedule(tenant: TenantId, id: ScheduleId, enabled: boolean): Promise<void> {
  await send(`/v1/schedules/${id}`, { method: 'PATCH', tenant, body: { enabled } });
}

export async function removeSchedule(tenant: TenantId, id: ScheduleId): Promise<void> {
  await send(`/v1/schedules/${id}`, { method: 'DELETE', tenant });
}

export function webhooksKey(tenant: TenantId) {
  return [...tenantKey(tenant), 'webhooks'] as const;
}

export function webhookList(tenant: TenantId) {
  return queryOptions({
    queryKey: webhooksKey(tenant),
    queryFn: ({ signal }) => read(WebhookList, '/v1/webhooks', { tenant, signal }),
  });
}

export function createWebhook(tenant: TenantId, body: CreateWebhook): Promise<WebhookWithSecret> {
  return read(WebhookWithSecret, '/v1/webhooks', { method: 'POST', tenant, body });
}

export async function enableWebhook(tenant: TenantId, id: WebhookId, enabled: boolean): Promise<void> {
  await send(`/v1/webhooks/${id}`, { method: 'PATCH', tenant, body: { enabled } });
}

export async function removeWebhook(tenant: TenantId, id: WebhookId): Promise<void> {
  await send(`/v1/webhooks/${id}`, { method: 'DELETE', tenant });
}

export function deliveryList(tenant: TenantId, id: WebhookId) {
  return queryOptions({
    queryKey: [...webhooksKey(tenant), id, 'deliveries'],
    queryFn: ({ signal }) => read(WebhookDeliveryPage, `/v1/webhooks/${id}/deliveries`, { tenant, signal }),
    refetchInterval: ({ state: { data } }) => (data?.items.some(({ state }) => state === 'pending') ? 2_000 : false),
  });
}

export function pingWebhook(tenant: TenantId, id: WebhookId): Promise<WebhookDelivery> {
  return read(WebhookDelivery, `/v1/webhooks/${id}/ping`, { method: 'POST', tenant });
}

export function retryDelivery(tenant: TenantId, id: WebhookId, delivery: DeliveryId): Promise<WebhookDelivery> {
  return read(WebhookDelivery, `/v1/webhooks/${id}/deliveries/${delivery}/retry`, { method: 'POST', tenant });
}
