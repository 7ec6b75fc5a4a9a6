import { z } from '@hono/zod-openapi';

import { route, router } from '../openapi.ts';
import { publicKeys } from '../services/tokens/public-keys.ts';

const tags = ['Trust'];
const Jwk = z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string() });

const jwks = route({
  method: 'get',
  path: '/.well-known/jwks.json',
  tags,
  summary: "The keys that verify this cell's tokens (RFC 7517)",
  access: 'public',
  audit: 'none: read',
  responses: {
    200: {
      description: 'A key set',
      content: { 'application/json': { schema: z.object({ keys: z.array(Jwk) }) } },
    },
  },
});

const trustBundle = route({
  method: 'get',
  path: '/v1/trust-bundle',
  tags,
  summary: 'The authorities that certify runners, and through them receipts',
  access: 'public',
  audit: 'none: read',
  responses: {
    200: { description: 'PEM certificates', content: { 'application/pem-certificate-chain': { schema: z.string() } } },
  },
});

export const wellKnown = router()
  .openapi(jwks, async (c) => {
    c.header('cache-control', 'public, max-age=60');
    return c.json({ keys: await publicKeys(c.var.platform) }, 200);
  })
  .openapi(trustBundle, (c) => {
    c.header('content-type', 'application/pem-certificate-chain');
    c.header('cache-control', 'public, max-age=60');
    return c.body(c.env.TRUST_BUNDLE, 200);
  });
