import * as api from '#contracts/operations/api-keys';

import { route, router } from '../openapi.ts';
import { createApiKey } from '../services/api-keys/create.ts';
import { listApiKeys } from '../services/api-keys/list.ts';
import { revokeApiKey } from '../services/api-keys/revoke.ts';

export const apiKeys = router()
  .openapi(route(api.create), async (c) =>
    c.json(await createApiKey({ ctx: c.var.ctx, input: c.req.valid('json') }), 201),
  )
  .openapi(route(api.list), async (c) => c.json({ items: await listApiKeys({ ctx: c.var.ctx }) }, 200))
  .openapi(route(api.revoke), async (c) => {
    await revokeApiKey({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
