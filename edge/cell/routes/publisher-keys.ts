import * as api from '#contracts/operations/publisher-keys';

import { route, router } from '../openapi.ts';
import { listPublisherKeys } from '../services/publisher-keys/list.ts';
import { registerPublisherKey } from '../services/publisher-keys/register.ts';
import { revokePublisherKey } from '../services/publisher-keys/revoke.ts';

export const publisherKeys = router()
  .openapi(route(api.register), async (c) =>
    c.json(await registerPublisherKey({ ctx: c.var.ctx, input: c.req.valid('json') }), 201),
  )
  .openapi(route(api.list), async (c) => c.json({ items: await listPublisherKeys({ ctx: c.var.ctx }) }, 200))
  .openapi(route(api.revoke), async (c) => {
    await revokePublisherKey({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
