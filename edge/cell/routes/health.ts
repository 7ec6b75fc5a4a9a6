import * as api from '#contracts/operations/health';

import { route, router } from '../openapi.ts';
import { readiness } from '../services/health/ready.ts';

export const health = router()
  .openapi(route(api.alive), (c) => c.json({ status: 'ok' as const }, 200))
  .openapi(route(api.ready), async (c) => {
    const found = await readiness({ ctx: c.var.platform });
    return c.json(found, found.isReady ? 200 : 503);
  });
