import * as api from '#contracts/operations/operator';

import { route, router } from '../openapi.ts';
import { setPublisherVerified } from '../services/publishers/set-verified.ts';

export const operator = router().openapi(route(api.setVerified), async (c) =>
  c.json(
    await setPublisherVerified({
      ctx: c.var.operator,
      input: { path: c.req.valid('param'), change: c.req.valid('json') },
    }),
    200,
  ),
);
