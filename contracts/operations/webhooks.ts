import { z } from 'zod';

import {
  CreateWebhook,
  RotateWebhookSecret,
  UpdateWebhook,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryPage,
  WebhookDeliveryPath,
  WebhookDeliveryQuery,
  WebhookPath,
  WebhookWithSecret,
} from '../api/webhooks.ts';
import { operation } from '../operation.ts';

const tags = ['Webhooks'];
const webhook = { 'application/json': { schema: Webhook } };
const withSecret = { 'application/json': { schema: WebhookWithSecret } };
const delivery = { 'application/json': { schema: WebhookDelivery } };

export const create = operation({
  method: 'post',
  path: '/v1/webhooks',
  tags,
  summary: 'Hear of what happens, by signed messages to a URL',
  access: 'tenant',
  audit: 'webhook.create',
  request: { body: { required: true, content: { 'application/json': { schema: CreateWebhook } } } },
  responses: { 201: { description: 'The webhook, and its secret for the only time', content: withSecret } },
});

export const list = operation({
  method: 'get',
  path: '/v1/webhooks',
  tags,
  summary: "The tenant's webhooks",
  access: 'tenant',
  audit: 'none: read',
  responses: {
    200: {
      description: 'Newest first',
      content: { 'application/json': { schema: z.object({ items: z.array(Webhook) }) } },
    },
  },
});

export const get = operation({
  method: 'get',
  path: '/v1/webhooks/{id}',
  tags,
  summary: 'One webhook',
  access: 'tenant',
  audit: 'none: read',
  request: { params: WebhookPath },
  responses: { 200: { description: 'The webhook', content: webhook } },
});

export const update = operation({
  method: 'patch',
  path: '/v1/webhooks/{id}',
  tags,
  summary: 'Change, disable or enable a webhook',
  access: 'tenant',
  audit: 'webhook.update',
  request: {
    params: WebhookPath,
    body: { required: true, content: { 'application/json': { schema: UpdateWebhook } } },
  },
  responses: { 200: { description: 'As it is now', content: webhook } },
});

export const remove = operation({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  tags,
  summary: 'Remove a webhook and what was kept for it',
  access: 'tenant',
  audit: 'webhook.remove',
  request: { params: WebhookPath },
  responses: { 204: { description: 'Removed' } },
});

export const rotate = operation({
  method: 'post',
  path: '/v1/webhooks/{id}/rotate',
  tags,
  summary: 'Give a webhook another secret; those before it sign beside it for a while',
  access: 'tenant',
  audit: 'webhook.rotate',
  request: {
    params: WebhookPath,
    body: { required: true, content: { 'application/json': { schema: RotateWebhookSecret } } },
  },
  responses: { 200: { description: 'The webhook, and its new secret for the only time', content: withSecret } },
});

export const ping = operation({
  method: 'post',
  path: '/v1/webhooks/{id}/ping',
  tags,
  summary: 'Send a message that says nothing',
  access: 'tenant',
  audit: 'webhook.ping',
  request: { params: WebhookPath },
  responses: { 202: { description: 'The delivery, under way', content: delivery } },
});

export const deliveries = operation({
  method: 'get',
  path: '/v1/webhooks/{id}/deliveries',
  tags,
  summary: 'What was sent, what was given up and what waits; kept for 30 days',
  access: 'tenant',
  audit: 'none: read',
  request: { params: WebhookPath, query: WebhookDeliveryQuery },
  responses: {
    200: { description: 'Newest first', content: { 'application/json': { schema: WebhookDeliveryPage } } },
  },
});

export const retry = operation({
  method: 'post',
  path: '/v1/webhooks/{id}/deliveries/{deliveryId}/retry',
  tags,
  summary: 'Send a delivery once more, under the same id',
  access: 'tenant',
  audit: 'webhook.retry',
  request: { params: WebhookDeliveryPath },
  responses: { 202: { description: 'The delivery, under way', content: delivery } },
});
