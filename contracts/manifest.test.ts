import { describe, expect, test } from 'vitest';

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
    secrets: [{ name: 'TOKEN' }, { name: 'BOUND', allowedHosts: ['api.example.com:443'] }],
  });
  expect(permissionsOf(manifest)).toEqual([
    'egress:api.example.com:443',
    'artifacts',
    'dataset:pages',
    'state',
    'secret:TOKEN',
    'secret:BOUND@api.example.com:443',
  ]);
});

test('where a secret may go is one permission, in whatever order it is written', () => {
  const permissionOf = (...allowedHosts: string[]) => {
    const permissions = { egress: ['*.a.test:443', 'b.test:80'] };
    return permissionsOf(Manifest.parse({ ...smallest, permissions, secrets: [{ name: 'KEY', allowedHosts }] })).at(-1);
  };
  expect(permissionOf('x.a.test:443', 'b.test:80')).toBe('secret:KEY@b.test:80,x.a.test:443');
  expect(permissionOf('b.test:80', 'x.a.test:443')).toBe('secret:KEY@b.test:80,x.a.test:443');
});

describe('where a secret may go', () => {
  const violationsIn = (egress: string[], secrets: { allowedHosts: string[]; required?: boolean }[]) => {
    const named = secrets.map((secret, index) => ({ name: `S${index}`, ...secret }));
    const result = Manifest.safeParse({ ...smallest, permissions: { egress }, secrets: named });
    return result.success ? [] : violationsOf(result.error);
  };

  test('is a target like those that a capsule connects to', () => {
    expect(violationsIn(['a.test:443'], [{ allowedHosts: ['*:::'] }])).toEqual([
      { path: '/secrets/0/allowedHosts/0', message: expect.stringContaining('host:port such as api.example.com:443') },
    ]);
  });

  test('is named once', () => {
    expect(violationsIn(['a.test:443'], [{ allowedHosts: ['a.test:443', 'a.test:443'] }])).toEqual([
      { path: '/secrets/0/allowedHosts/1', message: expect.stringContaining('named twice') },
    ]);
  });

  test('is within what the capsule connects to', () => {
    const egress = ['a.test:443', '*.b.test:443'];
    expect(violationsIn(egress, [{ allowedHosts: ['a.test:443', 'x.b.test:443', '*.b.test:443'] }])).toEqual([]);
    expect(
      violationsIn(egress, [
        { allowedHosts: ['a.test:443'] },
        { allowedHosts: ['a.test:443', '*.a.test:443', 'a.test:80'] },
      ]),
    ).toEqual([
      { path: '/secrets/1/allowedHosts/1', message: expect.stringContaining('add *.a.test:443 there') },
      { path: '/secrets/1/allowedHosts/2', message: expect.stringContaining('add a.test:80 there') },
    ]);
  });

  test('leaves a run that holds all it needs somewhere to go', () => {
    const egress = ['a.test:443', 'b.test:443'];
    const [a, b] = [{ allowedHosts: ['a.test:443'] }, { allowedHosts: ['b.test:443'] }];
    expect(violationsIn(egress, [a, b])).toEqual([
      { path: '/secrets', message: expect.stringContaining('every required secret') },
    ]);
    expect(violationsIn(egress, [a, { ...b, required: false }])).toEqual([]);
    expect(violationsIn(egress, [a, { allowedHosts: [] }])).toEqual([]);
    expect(violationsIn(egress, [a, { allowedHosts: egress }])).toEqual([]);
  });

  test('is short enough to be read before it is approved', () => {
    const egress = Array.from({ length: 16 }, (_, n) => `${'x'.repeat(60)}${n}.test:443`);
    expect(violationsIn(egress, [{ allowedHosts: egress }])).toEqual([
      { path: '/secrets/0/allowedHosts', message: expect.stringContaining('1024') },
    ]);
  });
});

test.each([
  [{ name: 'Acme/Hello' }, '/name', 'publisher/slug'],
  [{ version: '1.0' }, '/version', '1.4.0'],
  [{ title: 7 }, '/title', 'string'],
  [{ license: 'Foo Bar (((' }, '/license', 'Apache-2.0 OR MIT'],
  [{ license: 'GPL-9.0' }, '/license', 'LicenseRef-'],
  [{ repository: 'http://example.com/acme' }, '/repository', 'https'],
  [{ categories: ['A B'] }, '/categories/0', 'lower-case letters'],
  [{ categories: ['text', 'text'] }, '/categories/1', 'once'],
  [{ keywords: ['csv', 'csv'] }, '/keywords/1', 'once'],
  [{ entrypoint: '../main.js' }, '/entrypoint', 'src/main.js'],
  [{ entrypoint: '/main.js' }, '/entrypoint', 'src/main.js'],
  [{ entrypoint: 'a/./b.js' }, '/entrypoint', 'src/main.js'],
  [{ runtime: 'ruby' }, '/runtime', 'node24'],
  [{ style: 'service' }, '/style', 'handler'],
  [{ input: 7 }, '/input', 'a JSON Schema'],
  [{ permissions: { egress: ['*:443'] } }, '/permissions/egress/0', 'host:port'],
  [{ permissions: { egress: ['a.test:99999'] } }, '/permissions/egress/0', '65535'],
  [{ permissions: { egress: ['169.254.169.254:80'] } }, '/permissions/egress/0', 'host:port'],
  [{ permissions: { egress: ['a.test:443', 'a.test:443'] } }, '/permissions/egress/1', 'once'],
  [{ permissions: { network: true } }, '/permissions/network', 'egress'],
  [{ secrets: [{ name: 'KEY' }, { name: 'KEY' }] }, '/secrets/1', 'once'],
  [{ resources: { timeoutMs: 0 } }, '/resources/timeoutMs', '100'],
  [{ resources: { memory: 5 } }, '/resources/memory', 'memoryBytes'],
  [{ pricing: { perRunNanos: 5 } }, '/pricing/perRunNanos', 'string'],
  [{ pricing: { perRunNanos: '-5' } }, '/pricing/perRunNanos', 'zero or more'],
  [{ pricing: { meters: { 'to kens': { unitNanos: '1', maxPerRun: 1 } } } }, '/pricing/meters/to kens', 'lower-case'],
  [{ artifactRetentionDays: 7 }, '/artifactRetentionDays', 'permissions.artifacts'],
  [{ permissions: { artifacts: true }, artifactRetentionDays: 0 }, '/artifactRetentionDays', '1'],
  [{ datasetRetentionDays: { pages: 30 } }, '/datasetRetentionDays/pages', 'permissions.datasets'],
  [{ permissions: { datasets: ['pages'] }, datasetRetentionDays: { pages: 0 } }, '/datasetRetentionDays/pages', '1'],
  [{ allowedRegions: ['mars'] }, '/allowedRegions/0', 'eu-west-1'],
  [{ allowedRegions: [] }, '/allowedRegions', '1'],
  [{ runtimes: 'node24' }, '/runtimes', 'runtime'],
])('%j is refused at %s, and says that %s would be right', (change, path, right) => {
  const result = Manifest.safeParse({ ...smallest, ...change });
  const violations = result.success ? [] : violationsOf(result.error, Manifest);
  expect(violations).toEqual([{ path, message: expect.stringMatching(/expected/i) }]);
  expect(violations[0]?.message).toContain(right);
});
