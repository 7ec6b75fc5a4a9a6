import { z } from 'zod';

import { operation } from '../operation.ts';

const tags = ['Health'];
const Check = z.enum(['ok', 'down']);
const Readiness = z.object({
  isReady: z.boolean(),
  checks: z.object({
    postgres: Check,
    clickhouse: Check,
    redis: Check,
    bucket: Check,
    issuers: z.enum(['ok', 'invalid']).describe('The external issuers it is configured to trust'),
  }),
});
const content = { 'application/json': { schema: Readiness } };

export const alive = operation({
  method: 'get',
  path: '/healthz',
  tags,
  summary: 'The cell runs',
  access: 'public',
  audit: 'none: read',
  responses: {
    200: { description: 'Alive', content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } } },
  },
});

export const ready = operation({
  method: 'get',
  path: '/readyz',
  tags,
  summary: 'Which stores of the cell answer, and whether its configuration makes sense',
  access: 'public',
  audit: 'none: read',
  responses: {
    200: { description: 'All of them', content },
    503: { description: 'Not all of them', content },
  },
});
