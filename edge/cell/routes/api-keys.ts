import { z } from '@hono/zod-openapi';

import { ApiKey, ApiKeyPath, CreateApiKey, CreatedApiKey } from '#contracts/api/api-keys';

import { route, router } from '../openapi.ts';
import { createApiKey } from '../services/api-keys/create.ts';
import { listApiKeys } from '../services/api-keys/list.ts';
import { revokeApiKey } from '../services/api-keys/revoke.ts';

const tags = ['API keys'];

const create = route({
  method: 'post',
  path: '/v1/api-keys',
  tags,
  summary: 'Make a key; it is shown once',
  access: 'tenant',
  audit: 'api-key.create',
  request: { body: { required: true, content: { 'application/json': { schema: CreateApiKey } } } },
  responses: { 201: { description: 'Made', content: { 'application/json': { schema: CreatedApiKey } } } },
});

const list = route({
  method: 'get',
  path: '/v1/api-keys',
  tags,
  summary: "The tenant's keys",
  access: 'tenant',
  audit: 'none: read',
  responses: {
    200: {
      description: 'Newest first, revoked ones too',
      content: { 'application/json': { schema: z.object({ items: z.array(ApiKey) }) } },
    },
  },
});

const revoke = route({
  method: 'delete',
  path: '/v1/api-keys/{id}',
  tags,
  summary: 'End a key',
  access: 'tenant',
  audit: 'api-key.revoke',
  request: { params: ApiKeyPath },
  responses: { 204: { description: 'Ended, from the next request on' } },
});

export const apiKeys = router()
  .openapi(create, async (c) => c.json(await createApiKey({ ctx: c.var.ctx, input: c.req.valid('json') }), 201))
  .openapi(list, async (c) => c.json({ items: await listApiKeys(c.var.ctx) }, 200))
  .openapi(revoke, async (c) => {
    await revokeApiKey({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
