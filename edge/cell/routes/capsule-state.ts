import * as api from '#contracts/operations/capsule-state';

import { route, router } from '../openapi.ts';
import { clearState } from '../services/capsule-state/clear.ts';
import { getState } from '../services/capsule-state/get.ts';
import { removeStateKey } from '../services/capsule-state/remove.ts';
import { setStateKey } from '../services/capsule-state/set.ts';

export const capsuleState = router()
  .openapi(route(api.list), async (c) => c.json(await getState({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(route(api.set), async (c) => {
    const input = { path: c.req.valid('param'), change: c.req.valid('json') };
    return c.json(await setStateKey({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.remove), async (c) => {
    await removeStateKey({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  })
  .openapi(route(api.clear), async (c) => {
    await clearState({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
