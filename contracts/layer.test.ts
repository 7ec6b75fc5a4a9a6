import { expect, test } from 'vitest';

import { packBundle, packFiles } from './bundle.ts';
import { packLayer, unpackLayer } from './layer.ts';

const text = (content: string) => new TextEncoder().encode(content);
const NODE = new Map([
  ['node_modules/twice/index.js', text('module.exports = (n) => 2 * n;')],
  ['node_modules/twice/package.json', text('{}')],
]);

test('a layer is unpacked as it was packed, and its folder tells its runtime', () => {
  const layer = { runtime: 'node24' as const, files: NODE };
  expect(unpackLayer(packLayer(layer))).toEqual(layer);
});

test.each([
  ['nothing at all', packFiles(new Map()), /no layer; expected files in node_modules\/ or in site-packages\//],
  ['what lies elsewhere too', packFiles(new Map([...NODE, ['src/main.js', text('')]])), /src\/main\.js.*not belong/],
  ['a bundle', packBundle(new Map([...NODE, ['capsule.json', text('{}')]])), /capsule\.json.*no layer/],
  ['two layers', packFiles(new Map([...NODE, ['site-packages/six.py', text('')]])), /six\.py.*not belong/],
])('%s is no layer', (_, archive, expected) => {
  expect(() => unpackLayer(archive)).toThrow(expected);
});

test('a layer of one runtime is not packed for another', () => {
  expect(() => packLayer({ runtime: 'python3.11', files: NODE })).toThrow(/layer of python3\.11/);
});
