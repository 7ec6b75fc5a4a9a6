import { expect, test } from 'vitest';

import { isPublicRead, kindOf } from './paths.ts';

test.each([
  ['/', 'asset'],
  ['/capsules/ada/engine', 'asset'],
  ['/assets/scalar.js', 'asset'],
  ['/v1', 'asset'],
  ['/v1/runs', 'api'],
  ['/openapi.json', 'api'],
  ['/reference', 'api'],
  ['/reference/start.js', 'api'],
  ['/.well-known/jwks.json', 'api'],
  ['/schemas/capsule.json', 'api'],
  ['/internal/v1/runners/heartbeat', 'internal'],
  ['/internal/directory/claim', 'internal'],
  ['/readyz', 'health'],
] as const)('%s is %s', (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test.each([
  ['GET', '/v1/capsules', true],
  ['GET', '/v1/capsules/ada/engine/versions/1.0.0', true],
  ['HEAD', '/openapi.json', true],
  ['POST', '/v1/capsules/ada/engine/versions', false],
  ['GET', '/v1/layers/sha256:00', true],
  ['GET', '/v1/layers', false],
  ['GET', '/v1/capsules-of-mine', false],
  ['GET', '/v1/runs', false],
  ['GET', '/v1/tenants', false],
  ['GET', '/v1/me', false],
])('%s %s may be read anywhere: %s', (method, path, isPublic) => {
  expect(isPublicRead(method, path)).toBe(isPublic);
});
