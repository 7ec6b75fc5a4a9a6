import { z } from 'zod';

import { CreateTenant, TenantMembership } from '../api/tenants.ts';
import { operation } from '../operation.ts';

const tags = ['Tenants'];

export const create = operation({
  method: 'post',
  path: '/v1/tenants',
  tags,
  summary: "Make a tenant in the caller's region",
  access: 'person',
  audit: 'tenant.create',
  request: { body: { required: true, content: { 'application/json': { schema: CreateTenant } } } },
  responses: { 201: { description: 'Made', content: { 'application/json': { schema: TenantMembership } } } },
});

export const list = operation({
  method: 'get',
  path: '/v1/tenants',
  tags,
  summary: "The caller's tenants",
  access: 'person',
  audit: 'none: read',
  responses: {
    200: {
      description: 'Oldest first',
      content: { 'application/json': { schema: z.object({ items: z.array(TenantMembership) }) } },
    },
  },
});
