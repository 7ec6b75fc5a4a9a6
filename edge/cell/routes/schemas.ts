import { z } from '@hono/zod-openapi';

import { Manifest } from '#contracts/manifest';

import { route, router } from '../openapi.ts';

const capsule = route({
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

/** As an author writes it: before defaults are filled in. */
function capsuleSchema(publicUrl: string): Record<string, unknown> {
  const schema = z.toJSONSchema(Manifest, { io: 'input' });
  return { $id: `${publicUrl}/schemas/capsule.json`, title: 'capsule.json', ...schema };
}

export const schemas = router().openapi(capsule, (c) =>
  c.json(capsuleSchema(c.env.PUBLIC_URL), 200, {
    'content-type': 'application/schema+json',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
  }),
);
