import { expect, test } from 'vitest';

import { violationsOf } from './errors.ts';
import { Manifest, permissionsOf } from './manifest.ts';

const smallest = {
  name: 'acme/hello',
  version: '1.0.0',
  title: 'Hello',
  description: 'Says hello to whoever asks.',
  license: 'MIT',
  runtime: 'node24',
  entrypoint: 'main.js',
  input: {},
  output: {},
};

test('the smallest manifest gets safe defaults and no permissions', () => {
  const manifest = Manifest.parse(smallest);
  expect(permissionsOf(manifest)).toEqual([]);
  expect(manifest.resources.timeoutMs).toBe(30_000);
  expect(manifest.style).toBe('handler');
});

test('permissions name every host, artifact and secret that must be approved', () => {
  const manifest = Manifest.parse({
    ...smallest,
    permissions: { egress: ['api.example.com:443'], artifacts: true, datasets: ['pages'], state: true },
    secrets: [{ name: 'TOKEN' }],
  });
  expect(permissionsOf(manifest)).toEqual([
    'egress:api.example.com:443',
    'artifacts',
    'dataset:pages',
    'state',
    'secret:TOKEN',
  ]);
});

test.each([
  [{ name: 'Acme/Hello' }, '/name'],
  [{ version: '1.0' }, '/version'],
  [{ entrypoint: '../main.js' }, '/entrypoint'],
  [{ entrypoint: '/main.js' }, '/entrypoint'],
  [{ entrypoint: 'a/./b.js' }, '/entrypoint'],
  [{ runtime: 'ruby' }, '/runtime'],
  [{ permissions: { egress: ['*:443'] } }, '/permissions/egress/0'],
  [{ permissions: { egress: ['169.254.169.254:80'] } }, '/permissions/egress/0'],
  [{ resources: { timeoutMs: 0 } }, '/resources/timeoutMs'],
  [{ pricing: { perRunNanos: 5 } }, '/pricing/perRunNanos'],
  [{ pricing: { perRunNanos: '-5' } }, '/pricing/perRunNanos'],
  [{ datasetRetentionDays: { pages: 30 } }, '/datasetRetentionDays/pages'],
  [{ permissions: { datasets: ['pages'] }, datasetRetentionDays: { pages: 0 } }, '/datasetRetentionDays/pages'],
  [{ inputs: {} }, ''],
])('%j is refused at %s', (change, path) => {
  const result = Manifest.safeParse({ ...smallest, ...change });
  const violations = result.success ? [] : violationsOf(result.error);
  expect(violations.map((violation) => violation.path)).toContain(path);
});
