import * as api from '#contracts/operations/usage';

import { route, router } from '../openapi.ts';
import { getBudget } from '../services/budget/get.ts';
import { setBudget } from '../services/budget/set.ts';
import { getUsage } from '../services/usage/get.ts';

export const usage = router()
  .openapi(route(api.get), async (c) => c.json(await getUsage({ ctx: c.var.ctx }), 200))
  .openapi(route(api.getBudget), async (c) => c.json(await getBudget({ ctx: c.var.ctx }), 200))
  .openapi(route(api.setBudget), async (c) =>
    c.json(await setBudget({ ctx: c.var.ctx, input: c.req.valid('json') }), 200),
  );
