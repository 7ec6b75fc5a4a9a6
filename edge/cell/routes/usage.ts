import { SetBudget, TenantBudget, TenantUsage } from '#contracts/api/usage';

import { route, router } from '../openapi.ts';
import { getBudget } from '../services/budget/get.ts';
import { setBudget } from '../services/budget/set.ts';
import { getUsage } from '../services/usage/get.ts';

const tags = ['Usage and budget'];
const budget = { 'application/json': { schema: TenantBudget } };

const get = route({
  method: 'get',
  path: '/v1/usage',
  tags,
  summary: 'What was used and spent this month',
  access: 'tenant',
  audit: 'none: read',
  responses: { 200: { description: 'From the meter', content: { 'application/json': { schema: TenantUsage } } } },
});

const readBudget = route({
  method: 'get',
  path: '/v1/budget',
  tags,
  summary: 'The most that may be spent in a month',
  access: 'tenant',
  audit: 'none: read',
  responses: { 200: { description: 'The budget; zero where none was set', content: budget } },
});

const writeBudget = route({
  method: 'put',
  path: '/v1/budget',
  tags,
  summary: 'Set the most that may be spent in a month',
  access: 'tenant',
  audit: 'budget.set',
  request: { body: { required: true, content: { 'application/json': { schema: SetBudget } } } },
  responses: { 200: { description: 'The budget', content: budget } },
});

export const usage = router()
  .openapi(get, async (c) => c.json(await getUsage(c.var.ctx), 200))
  .openapi(readBudget, async (c) => c.json(await getBudget(c.var.ctx), 200))
  .openapi(writeBudget, async (c) => c.json(await setBudget({ ctx: c.var.ctx, input: c.req.valid('json') }), 200));
