import { SetBudget, TenantBudget, TenantUsage } from '../api/usage.ts';
import { operation } from '../operation.ts';

const tags = ['Usage and budget'];
const budget = { 'application/json': { schema: TenantBudget } };

export const get = operation({
  method: 'get',
  path: '/v1/usage',
  tags,
  summary: 'What was used and spent this month',
  access: 'tenant',
  audit: 'none: read',
  responses: { 200: { description: 'From the meter', content: { 'application/json': { schema: TenantUsage } } } },
});

export const getBudget = operation({
  method: 'get',
  path: '/v1/budget',
  tags,
  summary: 'The most that may be spent in a month',
  access: 'tenant',
  audit: 'none: read',
  responses: { 200: { description: 'The budget; zero where none was set', content: budget } },
});

export const setBudget = operation({
  method: 'put',
  path: '/v1/budget',
  tags,
  summary: 'Set the most that may be spent in a month',
  access: 'tenant',
  audit: 'budget.set',
  request: { body: { required: true, content: { 'application/json': { schema: SetBudget } } } },
  responses: { 200: { description: 'The budget', content: budget } },
});
