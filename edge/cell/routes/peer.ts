import * as api from '#contracts/operations/peer';

import { route, router } from '../openapi.ts';
import { openStored } from '../services/capsules/open-bundle.ts';
import { applyFromPeer } from '../services/catalogue/apply.ts';
import { applyPublisherFromPeer } from '../services/publishers/apply.ts';
import { bundleResponse } from './bundle-response.ts';

export const peer = router()
  .openapi(route(api.applyCatalogue), async (c) => {
    await applyFromPeer({ ctx: c.var.platform, input: { peer: c.var.peer, entry: c.req.valid('json') } });
    return c.body(null, 204);
  })
  .openapi(route(api.applyPublisher), async (c) => {
    await applyPublisherFromPeer({
      ctx: c.var.platform,
      input: { peer: c.var.peer, verification: c.req.valid('json') },
    });
    return c.body(null, 204);
  })
  .openapi(route(api.bundle), async (c) =>
    bundleResponse(await openStored({ ctx: c.var.platform, input: c.req.valid('param') })),
  );
