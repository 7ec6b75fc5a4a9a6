import { z } from 'zod';

import { PublisherKey, PublisherKeyPath, RegisterPublisherKey } from '../api/publisher-keys.ts';
import { operation } from '../operation.ts';

const tags = ['Publisher keys'];

export const register = operation({
  method: 'post',
  path: '/v1/publisher-keys',
  tags,
  summary: 'Register a public key to sign capsules with',
  access: 'tenant',
  audit: 'publisher-key.register',
  request: { body: { required: true, content: { 'application/json': { schema: RegisterPublisherKey } } } },
  responses: { 201: { description: 'Registered', content: { 'application/json': { schema: PublisherKey } } } },
});

export const list = operation({
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

export const revoke = operation({
  method: 'delete',
  path: '/v1/publisher-keys/{id}',
  tags,
  summary: 'Revoke a key: nothing more is published with it',
  access: 'tenant',
  audit: 'publisher-key.revoke',
  request: { params: PublisherKeyPath },
  responses: { 204: { description: 'Revoked' } },
});
