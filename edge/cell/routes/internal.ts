import * as api from '#contracts/operations/internal';

import { route, router } from '../openapi.ts';
import { recordHeartbeat } from '../services/runners/heartbeat.ts';

export const internal = router().openapi(route(api.heartbeat), async (c) => {
  await recordHeartbeat({ ctx: c.var.platform, input: { spiffeId: c.var.runner, beat: c.req.valid('json') } });
  return c.body(null, 204);
});
