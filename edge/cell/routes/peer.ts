import { z } from '@hono/zod-openapi';

import { CatalogueEntry } from '#contracts/api/catalogue';
import { PublisherVerification } from '#contracts/api/publishers';
import { BUNDLE_MEDIA_TYPE } from '#contracts/bundle';
import { Digest } from '#contracts/digest';

import { route, router } from '../openapi.ts';
import { openStored } from '../services/capsules/open-bundle.ts';
import { applyFromPeer } from '../services/catalogue/apply.ts';
import { applyPublisherFromPeer } from '../services/publishers/apply.ts';
import { bundleResponse } from './bundle-response.ts';

/** What cells say to each other: public things only. */
const tags = ['Between cells'];

const applyCatalogue = route({
  method: 'post',
  path: '/internal/v1/catalogue',
  tags,
  summary: 'Take over what a peer says about a version',
  access: 'peer',
  audit: 'none: a copy; the evidence is where the change was made',
  request: { body: { required: true, content: { 'application/json': { schema: CatalogueEntry } } } },
  responses: { 204: { description: 'Taken over, or known already' } },
});

const applyPublisher = route({
  method: 'post',
  path: '/internal/v1/catalogue/publishers',
  tags,
  summary: 'Take over what a peer says about a publisher',
  access: 'peer',
  audit: 'none: a copy; the evidence is where it was decided',
  request: { body: { required: true, content: { 'application/json': { schema: PublisherVerification } } } },
  responses: { 204: { description: 'Taken over, or known already' } },
});

const bundle = route({
  method: 'get',
  path: '/internal/v1/bundles/{digest}',
  tags,
  summary: 'A bundle that lies in this cell',
  access: 'peer',
  audit: 'none: read',
  request: { params: z.object({ digest: Digest }) },
  responses: {
    200: {
      description: 'The bytes whose SHA-256 is the digest',
      content: { [BUNDLE_MEDIA_TYPE]: { schema: { type: 'string', format: 'binary' } } },
    },
  },
});

export const peer = router()
  .openapi(applyCatalogue, async (c) => {
    await applyFromPeer({ ctx: c.var.platform, input: { peer: c.var.peer, entry: c.req.valid('json') } });
    return c.body(null, 204);
  })
  .openapi(applyPublisher, async (c) => {
    await applyPublisherFromPeer({
      ctx: c.var.platform,
      input: { peer: c.var.peer, verification: c.req.valid('json') },
    });
    return c.body(null, 204);
  })
  .openapi(bundle, async (c) => bundleResponse(await openStored(c.var.platform, c.req.valid('param').digest)));
