import { expect, test } from 'vitest';

import { isCapsulePermission } from './capsule-permission.ts';
import { Manifest, permissionsOf } from './manifest.ts';

const MANIFEST = {
  name: 'acme/tool',
  version: '1.0.0',
  title: 'Tool',
  description: 'Does what a tool does.',
  license: 'MIT',
  runtime: 'node24',
  entrypoint: 'main.mjs',
  input: true,
  output: true,
  permissions: { egress: ['api.example.com:443', '*.b.test:80'], artifacts: true, datasets: ['pages'], state: true },
  secrets: [{ name: 'OPEN' }, { name: 'TOKEN', allowedHosts: ['x.b.test:80', 'api.example.com:443'], required: false }],
};

test('whatever a manifest asks for is a permission', () => {
  const wanted = permissionsOf(Manifest.parse(MANIFEST));
  expect(wanted).toHaveLength(7);
  expect(wanted.filter((permission) => !isCapsulePermission(permission))).toEqual([]);
});

test.each([
  '',
  'bogus',
  'artifact',
  'artifacts:',
  'state:all',
  'egress',
  'egress:api.example.com',
  'egress:*:443',
  'dataset:Pages',
  'secret:token',
  'secret:TOKEN@',
  'secret:TOKEN@a.test:443,',
  'gpu:a100',
])('no manifest can ask for %j', (text) => {
  expect(isCapsulePermission(text)).toBe(false);
});
