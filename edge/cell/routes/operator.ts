import { PublisherPath, PublisherVerification, SetPublisherVerified } from '#contracts/api/publishers';

import { route, router } from '../openapi.ts';
import { setPublisherVerified } from '../services/publishers/set-verified.ts';

const setVerified = route({
  method: 'put',
  path: '/internal/v1/publishers/{handle}/verification',
  tags: ['Operators'],
  summary: 'Verify a publisher, or take that back, over mutual TLS',
  access: 'operator',
  audit: 'publisher.set-verified',
  request: {
    params: PublisherPath,
    body: { required: true, content: { 'application/json': { schema: SetPublisherVerified } } },
  },
  responses: {
    200: { description: 'As it is now', content: { 'application/json': { schema: PublisherVerification } } },
  },
});

export const operator = router().openapi(setVerified, async (c) =>
  c.json(
    await setPublisherVerified({
      ctx: c.var.operator,
      input: { path: c.req.valid('param'), change: c.req.valid('json') },
    }),
    200,
  ),
);
