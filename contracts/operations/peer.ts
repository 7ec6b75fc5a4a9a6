import { z } from 'zod';

import { CatalogueEntry } from '../api/catalogue.ts';
import { PublisherVerification } from '../api/publishers.ts';
import { BUNDLE_MEDIA_TYPE } from '../bundle.ts';
import { Digest } from '../digest.ts';
import { operation } from '../operation.ts';

/** What cells say to each other: public things only. */
const tags = ['Between cells'];

export const applyCatalogue = operation({
  method: 'post',
  path: '/internal/v1/catalogue',
  tags,
  summary: 'Take over what a peer says about a version',
  access: 'peer',
  audit: 'none: a copy; the evidence is where the change was made',
  request: { body: { required: true, content: { 'application/json': { schema: CatalogueEntry } } } },
  responses: { 204: { description: 'Taken over, or known already' } },
});

export const applyPublisher = operation({
  method: 'post',
  path: '/internal/v1/catalogue/publishers',
  tags,
  summary: 'Take over what a peer says about a publisher',
  access: 'peer',
  audit: 'none: a copy; the evidence is where it was decided',
  request: { body: { required: true, content: { 'application/json': { schema: PublisherVerification } } } },
  responses: { 204: { description: 'Taken over, or known already' } },
});

export const bundle = operation({
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
