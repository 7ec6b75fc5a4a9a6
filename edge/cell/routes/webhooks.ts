import { z } from '@hono/zod-openapi';

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
} from '#contracts/api/webhooks';

import { route, router } from '../openapi.ts';
import { createWebhook } from '../services/webhooks/create.ts';
import { getWebhook } from '../services/webhooks/get.ts';
import { listDeliveries } from '../services/webhooks/list-deliveries.ts';
import { listWebhooks } from '../services/webhooks/list.ts';
import { pingWebhook } from '../services/webhooks/ping.ts';
import { removeWebhook } from '../services/webhooks/remove.ts';
import { retryDelivery } from '../services/webhooks/retry-delivery.ts';
import { rotateWebhookSecret } from '../services/webhooks/rotate-secret.ts';
import { updateWebhook } from '../services/webhooks/update.ts';

const tags = ['Webhooks'];
const webhook = { 'application/json': { schema: Webhook } };
const withSecret = { 'application/json': { schema: WebhookWithSecret } };
const delivery = { 'application/json': { schema: WebhookDelivery } };

const create = route({
  method: 'post',
  path: '/v1/webhooks',
  tags,
  summary: 'Hear of what happens, by signed messages to a URL',
  access: 'tenant',
  audit: 'webhook.create',
  request: { body: { required: true, content: { 'application/json': { schema: CreateWebhook } } } },
  responses: { 201: { description: 'The webhook, and its secret for the only time', content: withSecret } },
});

const list = route({
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

const get = route({
  method: 'get',
  path: '/v1/webhooks/{id}',
  tags,
  summary: 'One webhook',
  access: 'tenant',
  audit: 'none: read',
  request: { params: WebhookPath },
  responses: { 200: { description: 'The webhook', content: webhook } },
});

const update = route({
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

const remove = route({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  tags,
  summary: 'Remove a webhook and what was kept for it',
  access: 'tenant',
  audit: 'webhook.remove',
  request: { params: WebhookPath },
  responses: { 204: { description: 'Removed' } },
});

const rotate = route({
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

const ping = route({
  method: 'post',
  path: '/v1/webhooks/{id}/ping',
  tags,
  summary: 'Send a message that says nothing',
  access: 'tenant',
  audit: 'webhook.ping',
  request: { params: WebhookPath },
  responses: { 202: { description: 'The delivery, under way', content: delivery } },
});

const deliveries = route({
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

const retry = route({
  method: 'post',
  path: '/v1/webhooks/{id}/deliveries/{deliveryId}/retry',
  tags,
  summary: 'Send a delivery once more, under the same id',
  access: 'tenant',
  audit: 'webhook.retry',
  request: { params: WebhookDeliveryPath },
  responses: { 202: { description: 'The delivery, under way', content: delivery } },
});

export const webhooks = router()
  .openapi(create, async (c) => c.json(await createWebhook({ ctx: c.var.ctx, input: c.req.valid('json') }), 201))
  .openapi(list, async (c) => c.json({ items: await listWebhooks(c.var.ctx) }, 200))
  .openapi(get, async (c) => c.json(await getWebhook({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(update, async (c) => {
    const input = { id: c.req.valid('param').id, change: c.req.valid('json') };
    return c.json(await updateWebhook({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(remove, async (c) => {
    await removeWebhook({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  })
  .openapi(rotate, async (c) => {
    const input = { id: c.req.valid('param').id, request: c.req.valid('json') };
    return c.json(await rotateWebhookSecret({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(ping, async (c) => c.json(await pingWebhook({ ctx: c.var.ctx, input: c.req.valid('param') }), 202))
  .openapi(deliveries, async (c) => {
    const input = { id: c.req.valid('param').id, query: c.req.valid('query') };
    return c.json(await listDeliveries({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(retry, async (c) => c.json(await retryDelivery({ ctx: c.var.ctx, input: c.req.valid('param') }), 202));
