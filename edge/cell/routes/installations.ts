import * as api from '#contracts/operations/installations';

import { route, router } from '../openapi.ts';
import { getInstallation } from '../services/installations/get.ts';
import { installCapsule } from '../services/installations/install.ts';
import { listInstallations } from '../services/installations/list.ts';
import { previewCost } from '../services/installations/preview-cost.ts';
import { removeInstallation } from '../services/installations/remove.ts';
import { updateInstallation } from '../services/installations/update.ts';

export const installations = router()
  .openapi(route(api.install), async (c) =>
    c.json(await installCapsule({ ctx: c.var.ctx, input: c.req.valid('json') }), 201),
  )
  .openapi(route(api.list), async (c) =>
    c.json(await listInstallations({ ctx: c.var.ctx, input: c.req.valid('query') }), 200),
  )
  .openapi(route(api.get), async (c) =>
    c.json(await getInstallation({ ctx: c.var.ctx, input: c.req.valid('param') }), 200),
  )
  .openapi(route(api.update), async (c) => {
    const input = { id: c.req.valid('param').id, change: c.req.valid('json') };
    return c.json(await updateInstallation({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.remove), async (c) => {
    await removeInstallation({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  })
  .openapi(route(api.cost), async (c) =>
    c.json(await previewCost({ ctx: c.var.ctx, input: c.req.valid('param') }), 200),
  );
