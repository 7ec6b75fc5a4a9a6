import { z } from 'zod';

import { type CreateSchedule, Schedule, SchedulePage, type UpdateSchedule } from '#contracts/api/schedules';
import {
  type CreateWebhook,
  type RotateWebhookSecret,
  type UpdateWebhook,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryPage,
  WebhookWithSecret,
} from '#contracts/api/webhooks';

import type { PageAsk } from './api.ts';
import { type Connection, request } from './http.ts';

/** What the CLI asks of the platform about schedules and webhooks, one function an operation. */

const Nothing = z.unknown().transform(() => undefined);

const schedulePath = (id: string) => `/v1/schedules/${encodeURIComponent(id)}`;
const webhookPath = (id: string) => `/v1/webhooks/${encodeURIComponent(id)}`;

export const createSchedule = (
  connection: Connection,
  body: Omit<z.input<typeof CreateSchedule>, 'input'> & { input: unknown },
) => request(connection, '/v1/schedules', Schedule, { method: 'POST', body });

export const listSchedules = (connection: Connection, ask: PageAsk) =>
  request(connection, '/v1/schedules', SchedulePage, { query: { ...ask } });

export const getSchedule = (connection: Connection, id: string) => request(connection, schedulePath(id), Schedule);

export const updateSchedule = (connection: Connection, id: string, body: z.input<typeof UpdateSchedule>) =>
  request(connection, schedulePath(id), Schedule, { method: 'PATCH', body });

export const removeSchedule = (connection: Connection, id: string) =>
  request(connection, schedulePath(id), Nothing, { method: 'DELETE' });

export const createWebhook = (connection: Connection, body: z.input<typeof CreateWebhook>) =>
  request(connection, '/v1/webhooks', WebhookWithSecret, { method: 'POST', body });

export const listWebhooks = (connection: Connection) =>
  request(connection, '/v1/webhooks', z.object({ items: z.array(Webhook) }));

export const updateWebhook = (connection: Connection, id: string, body: z.input<typeof UpdateWebhook>) =>
  request(connection, webhookPath(id), Webhook, { method: 'PATCH', body });

export const removeWebhook = (connection: Connection, id: string) =>
  request(connection, webhookPath(id), Nothing, { method: 'DELETE' });

export const rotateWebhook = (connection: Connection, id: string, body: z.input<typeof RotateWebhookSecret>) =>
  request(connection, `${webhookPath(id)}/rotate`, WebhookWithSecret, { method: 'POST', body });

export const pingWebhook = (connection: Connection, id: string) =>
  request(connection, `${webhookPath(id)}/ping`, WebhookDelivery, { method: 'POST' });

export const listDeliveries = (connection: Connection, id: string, ask: PageAsk & { state?: string | undefined }) =>
  request(connection, `${webhookPath(id)}/deliveries`, WebhookDeliveryPage, { query: { ...ask } });

export const retryDelivery = (connection: Connection, id: string, delivery: string) =>
  request(connection, `${webhookPath(id)}/deliveries/${encodeURIComponent(delivery)}/retry`, WebhookDelivery, {
    method: 'POST',
  });
