import {
  CapsuleDetail,
  CapsuleListing,
  CapsulePath,
  CapsuleQuery,
  CapsuleVersion,
  SetVersionStatus,
  VersionPath,
} from '../api/capsules.ts';
import { pageOf } from '../api/paging.ts';
import { BUNDLE_MEDIA_TYPE, UPLOAD_MAX_BYTES } from '../bundle.ts';
import { operation } from '../operation.ts';
import { signedArchive } from '../signed-archive.ts';

const tags = ['Capsules'];

export const search = operation({
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

export const get = operation({
  method: 'get',
  path: '/v1/capsules/{publisher}/{slug}',
  tags,
  summary: 'A capsule and its versions',
  access: 'public',
  audit: 'none: read',
  request: { params: CapsulePath },
  responses: { 200: { description: 'The capsule', content: { 'application/json': { schema: CapsuleDetail } } } },
});

export const getVersion = operation({
  method: 'get',
  path: '/v1/capsules/{publisher}/{slug}/versions/{version}',
  tags,
  summary: 'One version: manifest, digest, signature',
  access: 'public',
  audit: 'none: read',
  request: { params: VersionPath },
  responses: { 200: { description: 'The version', content: { 'application/json': { schema: CapsuleVersion } } } },
});

export const download = operation({
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

export const publish = operation({
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
    body: signedArchive(BUNDLE_MEDIA_TYPE),
  },
  responses: {
    200: {
      description: 'The same bytes are this version already; nothing was changed',
      content: { 'application/json': { schema: CapsuleVersion } },
    },
    201: { description: 'Published', content: { 'application/json': { schema: CapsuleVersion } } },
  },
});

export const setStatus = operation({
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
