import { z } from 'zod';

import { operation } from '../operation.ts';

export const capsule = operation({
  method: 'get',
  path: '/schemas/capsule.json',
  tags: ['Schemas'],
  summary: 'JSON Schema 2020-12 of capsule.json',
  access: 'public',
  audit: 'none: read',
  responses: {
    200: {
      description: 'The schema',
      content: { 'application/schema+json': { schema: z.record(z.string(), z.unknown()) } },
    },
  },
});
