import { z } from '@hono/zod-openapi';

import { PublisherKey, PublisherKeyPath, RegisterPublisherKey } from '#contracts/api/publisher-keys';

import { route, router } from '../openapi.ts';
import { listPublisherKeys } from '../services/publisher-keys/list.ts';
import { registerPublisherKey } from '../services/publisher-keys/register.ts';
import { revokePublisherKey } from '../services/publisher-keys/revoke.ts';

const tags = ['Publisher keys'];

const register = route({
  method: 'post',
  path: '/v1/publisher-keys',
  tags,
  summary: 'Register a public key to sign capsules with',
  access: 'tenant',
  audit: 'publisher-key.register',
  request: { body: { required: true, content: { 'application/json': { schema: RegisterPublisherKey } } } },
  responses: { 201: { description: 'Registered', content: { 'application/json': { schema: PublisherKey } } } },
});

const list = route({
  method: 'get',
  path: '/v1/publisher-keys',
  tags,
  summary: "The tenant's signing keys",
  access: 'tenant',
  audit: 'none: read',
  responses: {
    200: {
      description: 'Newest first, revoked ones too',
      content: { 'application/json': { schema: z.object({ items: z.array(PublisherKey) }) } },
    },
  },
});

const revoke = route({
  method: 'delete',
  path: '/v1/publisher-keys/{id}',
  tags,
  summary: 'Revoke a key: nothing more is published with it',
  access: 'tenant',
  audit: 'publisher-key.revoke',
  request: { params: PublisherKeyPath },
  responses: { 204: { description: 'Revoked' } },
});

export const publisherKeys = router()
  .openapi(register, async (c) =>
    c.json(await registerPublisherKey({ ctx: c.var.ctx, input: c.req.valid('json') }), 201),
  )
  .openapi(list, async (c) => c.json({ items: await listPublisherKeys(c.var.ctx) }, 200))
  .openapi(revoke, async (c) => {
    await revokePublisherKey({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
