import { z } from '@hono/zod-openapi';

import { CreateTenant, TenantMembership } from '#contracts/api/tenants';

import { route, router } from '../openapi.ts';
import { createTenant } from '../services/tenants/create.ts';
import { listTenants } from '../services/tenants/list.ts';

const tags = ['Tenants'];

const create = route({
  method: 'post',
  path: '/v1/tenants',
  tags,
  summary: "Make a tenant in the caller's region",
  access: 'person',
  audit: 'tenant.create',
  request: { body: { required: true, content: { 'application/json': { schema: CreateTenant } } } },
  responses: { 201: { description: 'Made', content: { 'application/json': { schema: TenantMembership } } } },
});

const list = route({
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

export const tenants = router()
  .openapi(create, async (c) => c.json(await createTenant({ ctx: c.var.person, input: c.req.valid('json') }), 201))
  .openapi(list, async (c) => c.json({ items: await listTenants(c.var.person) }, 200));
