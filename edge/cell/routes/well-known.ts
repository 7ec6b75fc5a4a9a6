import * as api from '#contracts/operations/well-known';

import { route, router } from '../openapi.ts';
import { publicKeys } from '../services/tokens/public-keys.ts';

export const wellKnown = router()
  .openapi(route(api.jwks), async (c) => {
    c.header('cache-control', 'public, max-age=60');
    return c.json({ keys: await publicKeys({ ctx: c.var.platform }) }, 200);
  })
  .openapi(route(api.trustBundle), (c) => {
    c.header('content-type', 'application/pem-certificate-chain');
    c.header('cache-control', 'public, max-age=60');
    return c.body(c.env.TRUST_BUNDLE, 200);
  });
