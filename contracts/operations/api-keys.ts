import { z } from 'zod';

import { ApiKey, ApiKeyPath, CreateApiKey, CreatedApiKey } from '../api/api-keys.ts';
import { operation } from '../operation.ts';

const tags = ['API keys'];

export const create = operation({
  method: 'post',
  path: '/v1/api-keys',
  tags,
  summary: 'Make a key; it is shown once',
  access: 'tenant',
  audit: 'api-key.create',
  request: { body: { required: true, content: { 'application/json': { schema: CreateApiKey } } } },
  responses: { 201: { description: 'Made', content: { 'application/json': { schema: CreatedApiKey } } } },
});

export const list = operation({
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

export const revoke = operation({
  method: 'delete',
  path: '/v1/api-keys/{id}',
  tags,
  summary: 'End a key',
  access: 'tenant',
  audit: 'api-key.revoke',
  request: { params: ApiKeyPath },
  responses: { 204: { description: 'Ended, from the next request on' } },
});
