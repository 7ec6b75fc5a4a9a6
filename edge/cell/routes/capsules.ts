import {
  CapsuleDetail,
  CapsuleListing,
  CapsulePath,
  CapsuleQuery,
  CapsuleVersion,
  SetVersionStatus,
  VersionPath,
} from '#contracts/api/capsules';
import { pageOf } from '#contracts/api/paging';
import { BUNDLE_MEDIA_TYPE } from '#contracts/bundle';

import { route, router } from '../openapi.ts';
import { openBundle } from '../services/capsules/open-bundle.ts';
import { publish } from '../services/capsules/publish.ts';
import { readUpload, UPLOAD_MAX_BYTES } from '../services/capsules/read-upload.ts';
import { setVersionStatus } from '../services/capsules/set-status.ts';
import { getCapsule } from '../services/catalogue/get-capsule.ts';
import { getVersion } from '../services/catalogue/get-version.ts';
import { searchCapsules } from '../services/catalogue/search.ts';
import { bundleResponse } from './bundle-response.ts';

const tags = ['Capsules'];

const search = route({
  method: 'get',
  path: '/v1/capsules',
  tags,
  summary: 'Search the catalogue',
  access: 'public',
  audit: 'none: read',
  request: { query: CapsuleQuery },
  responses: {
    200: {
      description: 'The best match first where words are given, else the latest release',
      content: { 'application/json': { schema: pageOf(CapsuleListing) } },
    },
  },
});

const get = route({
  method: 'get',
  path: '/v1/capsules/{publisher}/{slug}',
  tags,
  summary: 'A capsule and its versions',
  access: 'public',
  audit: 'none: read',
  request: { params: CapsulePath },
  responses: { 200: { description: 'The capsule', content: { 'application/json': { schema: CapsuleDetail } } } },
});

const getOne = route({
  method: 'get',
  path: '/v1/capsules/{publisher}/{slug}/versions/{version}',
  tags,
  summary: 'One version: manifest, digest, signature',
  access: 'public',
  audit: 'none: read',
  request: { params: VersionPath },
  responses: { 200: { description: 'The version', content: { 'application/json': { schema: CapsuleVersion } } } },
});

const download = route({
  method: 'get',
  path: '/v1/capsules/{publisher}/{slug}/versions/{version}/bundle',
  tags,
  summary: 'The signed bundle of a version',
  access: 'public',
  audit: 'none: read',
  request: { params: VersionPath },
  responses: {
    200: {
      description: 'The bytes whose SHA-256 is the digest',
      content: { [BUNDLE_MEDIA_TYPE]: { schema: { type: 'string', format: 'binary' } } },
    },
  },
});

const publishVersion = route({
  method: 'post',
  path: '/v1/capsules/{publisher}/{slug}/versions',
  tags,
  summary: 'Publish a signed bundle as a new version',
  description: 'The version is the one that capsule.json in the bundle names.',
  access: 'tenant',
  audit: 'capsule.publish',
  maxBodyBytes: UPLOAD_MAX_BYTES,
  timeoutMs: 120_000,
  request: {
    params: CapsulePath,
    body: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['bundle', 'signature'],
            properties: {
              bundle: { type: 'string', contentMediaType: BUNDLE_MEDIA_TYPE },
              signature: { type: 'string', contentMediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' },
            },
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'The same bytes are this version already; nothing was changed',
      content: { 'application/json': { schema: CapsuleVersion } },
    },
    201: { description: 'Published', content: { 'application/json': { schema: CapsuleVersion } } },
  },
});

const setStatus = route({
  method: 'patch',
  path: '/v1/capsules/{publisher}/{slug}/versions/{version}',
  tags,
  summary: 'Deprecate, yank or reinstate a version',
  access: 'tenant',
  audit: 'capsule.set-status',
  request: {
    params: VersionPath,
    body: { required: true, content: { 'application/json': { schema: SetVersionStatus } } },
  },
  responses: { 200: { description: 'As it is now', content: { 'application/json': { schema: CapsuleVersion } } } },
});

export const capsules = router()
  .openapi(search, async (c) => c.json(await searchCapsules({ ctx: c.var.platform, input: c.req.valid('query') }), 200))
  .openapi(get, async (c) => c.json(await getCapsule({ ctx: c.var.platform, input: c.req.valid('param') }), 200))
  .openapi(getOne, async (c) => c.json(await getVersion({ ctx: c.var.platform, input: c.req.valid('param') }), 200))
  .openapi(download, async (c) =>
    bundleResponse(await openBundle({ ctx: c.var.platform, input: c.req.valid('param') })),
  )
  .openapi(publishVersion, async (c) => {
    const input = { path: c.req.valid('param'), upload: await readUpload(c.req.raw) };
    const { version, isNew } = await publish({ ctx: c.var.ctx, input });
    return isNew ? c.json(version, 201) : c.json(version, 200);
  })
  .openapi(setStatus, async (c) =>
    c.json(
      await setVersionStatus({ ctx: c.var.ctx, input: { path: c.req.valid('param'), change: c.req.valid('json') } }),
      200,
    ),
  );
