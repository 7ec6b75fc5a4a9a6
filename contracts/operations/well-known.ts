import { z } from 'zod';

import { operation } from '../operation.ts';

const tags = ['Trust'];
const Jwk = z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string() });

export const jwks = operation({
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

export const trustBundle = operation({
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
