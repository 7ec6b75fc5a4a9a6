import { z } from '@hono/zod-openapi';

import { route, router } from '../openapi.ts';
import { readiness } from '../services/health/ready.ts';

const tags = ['Health'];
const Check = z.enum(['ok', 'down']);
const Readiness = z.object({
  isReady: z.boolean(),
  checks: z.object({ postgres: Check, clickhouse: Check, redis: Check, bucket: Check }),
});
const content = { 'application/json': { schema: Readiness } };

const alive = route({
  method: 'get',
  path: '/healthz',
  tags,
  summary: 'The cell runs',
  access: 'public',
  audit: 'none: read',
  responses: {
    200: { description: 'Alive', content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } } },
  },
});

const ready = route({
  method: 'get',
  path: '/readyz',
  tags,
  summary: 'Which stores of the cell answer',
  access: 'public',
  audit: 'none: read',
  responses: {
    200: { description: 'All of them', content },
    503: { description: 'Not all of them', content },
  },
});

export const health = router()
  .openapi(alive, (c) => c.json({ status: 'ok' as const }, 200))
  .openapi(ready, async (c) => {
    const found = await readiness(c.var.platform);
    return c.json(found, found.isReady ? 200 : 503);
  });
