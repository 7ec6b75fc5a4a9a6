import { z } from '@hono/zod-openapi';

import { Manifest } from '#contracts/manifest';
import * as api from '#contracts/operations/schemas';

import { route, router } from '../openapi.ts';

/** As an author writes it: before defaults are filled in. */
function capsuleSchema(publicUrl: string): Record<string, unknown> {
  const schema = z.toJSONSchema(Manifest, { io: 'input' });
  return { $id: `${publicUrl}/schemas/capsule.json`, title: 'capsule.json', ...schema };
}

export const schemas = router().openapi(route(api.capsule), (c) =>
  c.json(capsuleSchema(c.env.PUBLIC_URL), 200, {
    'content-type': 'application/schema+json',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
  }),
);
