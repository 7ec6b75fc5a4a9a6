import * as api from '#contracts/operations/webhooks';

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

export const webhooks = router()
  .openapi(route(api.create), async (c) =>
    c.json(await createWebhook({ ctx: c.var.ctx, input: c.req.valid('json') }), 201),
  )
  .openapi(route(api.list), async (c) => c.json({ items: await listWebhooks({ ctx: c.var.ctx }) }, 200))
  .openapi(route(api.get), async (c) => c.json(await getWebhook({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(route(api.update), async (c) => {
    const input = { id: c.req.valid('param').id, change: c.req.valid('json') };
    return c.json(await updateWebhook({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.remove), async (c) => {
    await removeWebhook({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  })
  .openapi(route(api.rotate), async (c) => {
    const input = { id: c.req.valid('param').id, request: c.req.valid('json') };
    return c.json(await rotateWebhookSecret({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.ping), async (c) =>
    c.json(await pingWebhook({ ctx: c.var.ctx, input: c.req.valid('param') }), 202),
  )
  .openapi(route(api.deliveries), async (c) => {
    const input = { id: c.req.valid('param').id, query: c.req.valid('query') };
    return c.json(await listDeliveries({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.retry), async (c) =>
    c.json(await retryDelivery({ ctx: c.var.ctx, input: c.req.valid('param') }), 202),
  );
