import * as api from '#contracts/operations/tenants';

import { route, router } from '../openapi.ts';
import { createTenant } from '../services/tenants/create.ts';
import { listTenants } from '../services/tenants/list.ts';

export const tenants = router()
  .openapi(route(api.create), async (c) =>
    c.json(await createTenant({ ctx: c.var.person, input: c.req.valid('json') }), 201),
  )
  .openapi(route(api.list), async (c) => c.json({ items: await listTenants({ ctx: c.var.person }) }, 200));
