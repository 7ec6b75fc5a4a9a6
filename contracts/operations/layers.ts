import { LayerPath, PublishedLayer } from '../api/layers.ts';
import { pageOf, PageQuery } from '../api/paging.ts';
import { UPLOAD_MAX_BYTES } from '../bundle.ts';
import { LAYER_MEDIA_TYPE } from '../layer.ts';
import { operation } from '../operation.ts';
import { signedArchive } from '../signed-archive.ts';

const tags = ['Layers'];

export const publish = operation({
  method: 'post',
  path: '/v1/layers',
  tags,
  summary: 'Publish a signed layer of dependencies',
  description:
    'All its files lie in node_modules/ for node24, or in site-packages/ for python3.11. A version names it by its digest, in `layers` of capsule.json.',
  access: 'tenant',
  audit: 'layer.publish',
  maxBodyBytes: UPLOAD_MAX_BYTES,
  timeoutMs: 120_000,
  request: { body: signedArchive(LAYER_MEDIA_TYPE) },
  responses: {
    200: {
      description: 'You published the same bytes before; nothing was changed',
      content: { 'application/json': { schema: PublishedLayer } },
    },
    201: { description: 'Published', content: { 'application/json': { schema: PublishedLayer } } },
  },
});

export const list = operation({
  method: 'get',
  path: '/v1/layers',
  tags,
  summary: 'Layers of this tenant',
  access: 'tenant',
  audit: 'none: read',
  request: { query: PageQuery },
  responses: {
    200: { description: 'Newest first', content: { 'application/json': { schema: pageOf(PublishedLayer) } } },
  },
});

export const download = operation({
  method: 'get',
  path: '/v1/layers/{digest}',
  tags,
  summary: 'A layer that a published version names',
  access: 'public',
  audit: 'none: read',
  request: { params: LayerPath },
  responses: {
    200: {
      description: 'The bytes whose SHA-256 is the digest',
      content: { [LAYER_MEDIA_TYPE]: { schema: { type: 'string', format: 'binary' } } },
    },
  },
});
