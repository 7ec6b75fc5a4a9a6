import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { readManifest } from './capsule-json.ts';
import { DomainError, Violation } from './errors.ts';

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
const bundleOf = (text: string | Uint8Array, ...others: string[]) =>
  new Map([
    ['capsule.json', typeof text === 'string' ? new TextEncoder().encode(text) : text],
    ...others.map((path): [string, Uint8Array] => [path, new Uint8Array()]),
  ]);
const withManifest = (changes: object) => bundleOf(JSON.stringify({ ...smallest, ...changes }), 'main.js', 'main.py');

function violationsIn(files: ReadonlyMap<string, Uint8Array>): Violation[] {
  try {
    readManifest(files);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_manifest') throw error;
    return z.array(Violation).parse(error.extra['violations']);
  }
  return [];
}

test('a manifest that fits its bundle is read with its defaults', () => {
  expect(readManifest(withManifest({})).resources.timeoutMs).toBe(30_000);
});

test.each([
  ['not JSON', bundleOf('{"name":')],
  ['not UTF-8', bundleOf(Uint8Array.of(0xff, 0xfe))],
  ['a byte order mark', bundleOf(`\ufeff${JSON.stringify(smallest)}`, 'main.js')],
  ['too long', bundleOf(' '.repeat(300_000))],
  ['too deep', bundleOf('['.repeat(100_000))],
  ['deep inside a schema', bundleOf(`{"input":${'{"not":'.repeat(2_000)}{}${'}'.repeat(2_000)}}`)],
  ['missing', new Map<string, Uint8Array>()],
])('a capsule.json that is %s is refused as a whole', (_what, files) => {
  expect(violationsIn(files)).toMatchObject([{ path: '' }]);
});

test('a wasm capsule takes no layers', () => {
  const wasm = { runtime: 'wasm', entrypoint: 'main.wasm', layers: [`sha256:${'0'.repeat(64)}`] };
  expect(violationsIn(bundleOf(JSON.stringify({ ...smallest, ...wasm }), 'main.wasm'))).toMatchObject([
    { path: '/layers' },
  ]);
});

test.each([
  ['by one of its meters', { meters: { minutes: { unitNanos: '1500000000', maxPerRun: 1_000_000_000 } } }],
  ['by its price alone', { perRunNanos: '999999999999999999' }],
])('a run that may cost more than any budget allows (%s) is none that could ever start', (_how, pricing) => {
  expect(violationsIn(withManifest({ pricing }))).toMatchObject([
    { path: '/pricing', message: expect.stringContaining('expected at most $1000000.00') },
  ]);
});

test('brackets in strings do not count as depth', () => {
  expect(violationsIn(withManifest({ description: '['.repeat(500) + '\\"{' }))).toEqual([]);
});

test.each([
  [{ title: 7 }, '/title'],
  [{ entrypont: 'main.js' }, '/entrypont'],
  [{ resources: { timeout: 5 } }, '/resources/timeout'],
  [{ secrets: [{ name: 'KEY', hosts: [] }] }, '/secrets/0/hosts'],
  [{ entrypoint: 'other.js' }, '/entrypoint'],
  [{ entrypoint: 'main.py' }, '/entrypoint'],
  [{ runtime: 'python3.11' }, '/entrypoint'],
  [{ layers: ['sha256:short'] }, '/layers/0'],
  [{ layers: [`sha256:${'0'.repeat(64)}`, `sha256:${'0'.repeat(64)}`] }, '/layers/1'],
  [{ input: 'string' }, '/input'],
  [{ input: { type: 'objekt' } }, '/input/type'],
  [{ input: { properties: { a: { type: 'strin' } } } }, '/input/properties/a/type'],
  [{ input: { properties: { 'a/b~': { minimum: '1' } } } }, '/input/properties/a~1b~0/minimum'],
  [{ input: { requried: ['a'] } }, '/input/requried'],
  [{ input: { required: 'a' } }, '/input/required'],
  [{ input: { $dynamicRef: '#node' } }, '/input/$dynamicRef'],
  [{ input: { items: { $ref: 'https://example.com/schema.json' } } }, '/input/items/$ref'],
  [{ input: { $ref: '#/$defs/gone' } }, '/input/$ref'],
  [{ input: { $ref: '#/title', title: 'x' } }, '/input/$ref'],
  [{ input: { $id: 'https://example.com/' } }, '/input/$id'],
  [{ input: { $schema: 'http://json-schema.org/draft-07/schema#' } }, '/input/$schema'],
  [{ input: { items: [{}] } }, '/input/items'],
  [{ input: { allOf: [] } }, '/input/allOf'],
  [{ input: { pattern: '(' } }, '/input/pattern'],
  [{ input: { patternProperties: { '[': true } } }, '/input/patternProperties/['],
  [{ input: { items: { pattern: '^(?=a).$' } } }, '/input/items/pattern'],
  [{ input: { $ref: '#' } }, '/input'],
  [{ input: { anyOf: [{ type: 'null' }, { $ref: '#' }] } }, '/input'],
  [{ output: { multipleOf: 0 } }, '/output/multipleOf'],
])('%j is refused at %s', (changes, path) => {
  expect(violationsIn(withManifest(changes)).map((violation) => violation.path)).toContain(path);
});

test.each([
  [
    {
      type: 'object',
      properties: { id: { type: 'string', format: 'uuid' } },
      required: ['id'],
      additionalProperties: false,
    },
  ],
  [
    {
      $ref: '#/$defs/tree',
      $defs: { tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
    },
  ],
  [{ $ref: '#/$defs/a%20b', $defs: { 'a b': { type: ['string', 'null'] } } }],
  [{ if: { required: ['a'] }, else: false }],
  [{ properties: { $ref: { type: 'string' }, constructor: {}, ['__proto__']: {} } }],
  [z.toJSONSchema(z.object({ a: z.string().max(3).optional(), b: z.array(z.int()), c: z.enum(['x', 'y']) }))],
  [true],
])('%j is a usable schema', (schema) => {
  expect(violationsIn(withManifest({ input: schema, output: schema }))).toEqual([]);
});

test('alternatives that multiply are refused before they cost anything', () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `s${index}`,
      { allOf: [{ $ref: `#/$defs/s${index + 1}` }, { $ref: `#/$defs/s${index + 1}` }] },
    ]),
  );
  const schema = { $ref: '#/$defs/s0', $defs: { ...$defs, s40: {} } };
  expect(violationsIn(withManifest({ input: schema }))[0]?.message).toContain('1000 steps');
});

test('a schema of very many patterns is refused before they are judged', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 51 }, (_, index) => [`p${index}`, { pattern: `^a${index}$` }]),
  );
  expect(violationsIn(withManifest({ input: { properties } }))[0]?.message).toContain('more than 50 patterns');
});

describe('whatever stands in capsule.json', () => {
  test('is a manifest or a typed refusal', () => {
    const noise = fc.oneof(
      fc.json(),
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify({ ...smallest, input: value, output: value })),
    );
    fc.assert(
      fc.property(noise, (text) => {
        expect(violationsIn(bundleOf(text, 'main.js'))).toBeInstanceOf(Array);
      }),
      { numRuns: 500 },
    );
  });

  test('stays so where keywords carry anything', () => {
    const keyword = fc.constantFrom(
      '$ref',
      'type',
      'items',
      'properties',
      'allOf',
      'if',
      'enum',
      'pattern',
      '$defs',
      'required',
      'const',
      'not',
      'id',
      '$id',
      'format',
      'default',
    );
    const plain = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('#', '#/$defs/a', 'object'));
    const nested = (inner: fc.Arbitrary<unknown>) =>
      fc.dictionary(keyword, fc.oneof(plain, inner, fc.array(inner, { maxLength: 3 })), { maxKeys: 4 });
    const schema = nested(nested(nested(plain)));
    fc.assert(
      fc.property(schema, (input) => {
        expect(violationsIn(withManifest({ input }))).toBeInstanceOf(Array);
      }),
      { numRuns: 500 },
    );
  });
});
