import { Heartbeat } from '#contracts/runner';

import { route, router } from '../openapi.ts';
import { recordHeartbeat } from '../services/runners/heartbeat.ts';

const heartbeat = route({
  method: 'post',
  path: '/internal/v1/runners/heartbeat',
  tags: ['Runners'],
  summary: "A runner's sign of life, over mutual TLS",
  access: 'runner',
  audit: 'none: a sign of life, of no tenant',
  request: { body: { required: true, content: { 'application/json': { schema: Heartbeat } } } },
  responses: { 204: { description: 'Noted' } },
});

export const internal = router().openapi(heartbeat, async (c) => {
  await recordHeartbeat(c.var.platform, c.var.runner, c.req.valid('json'));
  return c.body(null, 204);
});
