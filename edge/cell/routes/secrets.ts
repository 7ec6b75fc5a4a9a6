import * as api from '#contracts/operations/secrets';

import { route, router } from '../openapi.ts';
import { listSecrets } from '../services/secrets/list.ts';
import { removeSecret } from '../services/secrets/remove.ts';
import { setSecret } from '../services/secrets/set.ts';

export const secrets = router()
  .openapi(route(api.list), async (c) =>
    c.json({ items: await listSecrets({ ctx: c.var.ctx, input: c.req.valid('param') }) }, 200),
  )
  .openapi(route(api.set), async (c) => {
    const input = { path: c.req.valid('param'), secret: c.req.valid('json') };
    return c.json(await setSecret({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.remove), async (c) => {
    await removeSecret({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
