import { readFileSync } from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { Json, type JsonValue } from '../json.ts';
import { schemaFaults } from './faults.ts';
import { compileSchema, judge } from './judge.ts';

const SUITE = path.join(import.meta.dirname, '../../tests/fixtures/json-schema-suite/draft2020-12.json');
const groups = z
  .array(
    z.object({
      file: z.string(),
      description: z.string(),
      schema: Json,
      tests: z.array(z.object({ description: z.string(), data: Json, valid: z.boolean() })),
    }),
  )
  .parse(JSON.parse(readFileSync(SUITE, 'utf8')));

function faultsIn(schema: JsonValue, value: JsonValue): string[] {
  return judge(compileSchema(schema), value, '').map(({ path: at, message }) => `${at}: ${message}`);
}

describe('the official test suite', () => {
  test.each([...new Set(groups.map(({ file }) => file))])('%s', (file) => {
    for (const { description, schema, tests } of groups.filter((group) => group.file === file)) {
      const compiled = compileSchema(schema);
      for (const { description: about, data, valid } of tests) {
        expect([description, about, judge(compiled, data, '').length === 0]).toEqual([description, about, valid]);
      }
    }
  });
});

const CHARS = 2 ** 20;
const repeated = (count: number, value: JsonValue): JsonValue[] => Array.from({ length: count }, () => value);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const nested = (levels: number, innermost: JsonValue): JsonValue =>
  levels === 0 ? innermost : { a: nested(levels - 1, innermost) };
const TOO_MUCH = 'too much work';

/** Each schema can be published, and each input fits into a request; done naively, each pair takes minutes to years. */
describe('a hostile schema and input are judged or given up', () => {
  test.each<[name: string, schema: JsonValue, input: JsonValue, says: string]>([
    ['an exponential pattern', { pattern: '^(a+)+$' }, `${'a'.repeat(CHARS)}!`, 'matches'],
    ['a polynomial pattern', { pattern: '^(.*,){20}x$' }, 'a,'.repeat(CHARS / 2), 'matches'],
    ['a pattern of many states', { pattern: '(?:a|b)*a(?:a|b){900}[^ab]' }, 'abba'.repeat(CHARS / 4), TOO_MUCH],
    ['large items that must differ', { uniqueItems: true }, [...numbers(100_000), 7], '7 and 100000'],
    ['differing items', { uniqueItems: true, items: { type: 'object' } }, numbers(100_000), 'object'],
    ['a long enumeration', { items: { enum: numbers(20_000) } }, repeated(200_000, 'x'), 'expected 0, 1'],
    [
      'doubling with every level',
      { properties: { a: { allOf: repeated(2, { $ref: '#' }) } } },
      nested(60, 1),
      TOO_MUCH,
    ],
    [
      'many alternatives for each item',
      { items: { anyOf: [...repeated(900, { type: 'null' }), true] } },
      numbers(100_000),
      TOO_MUCH,
    ],
    ['long texts counted often', { allOf: repeated(900, { maxLength: CHARS - 9 }) }, 'a'.repeat(CHARS), 'too long'],
    [
      'many keys looked at often',
      { allOf: repeated(450, { additionalProperties: true }) },
      Object.fromEntries(numbers(90_000).map((name) => [`k${name}`, 1])),
      TOO_MUCH,
    ],
    [
      'many keys noted often',
      { allOf: repeated(450, { additionalProperties: true }), unevaluatedProperties: false },
      Object.fromEntries(numbers(30_000).map((name) => [`k${name}`, 1])),
      TOO_MUCH,
    ],
    [
      'items that are compared at every level',
      { properties: { a: { $ref: '#' } }, uniqueItems: true, const: 1 },
      nested(60, repeated(100_000, [])),
      'expected 1',
    ],
    ['an address of a megabyte', { format: 'uri' }, `https://${'a.'.repeat(CHARS / 2)}`, 'address'],
    ['an e-mail address of a megabyte', { format: 'email' }, `${'a.'.repeat(CHARS / 2)}@`, 'e-mail'],
    ['a fraction of a huge number', { items: { multipleOf: 5e-324 } }, [...repeated(50_000, 1.5e308), 'x'], ''],
    ['a million faults', { items: { type: 'string' } }, repeated(CHARS / 2, 1), 'string'],
  ])('%s', (_name, schema, input, says) => {
    expect(schemaFaults(schema, '')).toEqual([]);
    const violations = judge(compileSchema(schema), input, '');
    expect(violations.length).toBeLessThanOrEqual(20);
    expect(violations.map(({ message }) => message).join()).toContain(says);
  });
});

test('honest schemas judge inputs of a megabyte', () => {
  const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } } };
  expect(faultsIn(tree, { children: repeated(300_000, {}) })).toEqual([]);
  const hosts = {
    type: 'array',
    uniqueItems: true,
    items: { type: 'string', pattern: '^([a-z0-9-]{1,63}\\.)+[a-z]{2,}$' },
  };
  expect(
    faultsIn(
      hosts,
      numbers(60_000).map((name) => `host-${name}.test`),
    ),
  ).toEqual([]);
  const base64 = { pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$', minLength: 1 };
  expect(faultsIn(base64, 'QUJD'.repeat(CHARS / 4))).toEqual([]);
});

test('a fault is told where it is, and what would be right', () => {
  const schema = {
    required: ['id'],
    properties: { 'a/b': { items: { maximum: 3 } }, kind: { enum: ['x', 'y'] } },
    additionalProperties: false,
  };
  expect(faultsIn(schema, { 'a/b': [1, 4], kind: 'z', more: 1 })).toEqual([
    '/id: expected a value: "id" is required',
    '/a~1b/1: expected at most 3',
    '/kind: expected "x", "y"',
    '/more: expected nothing here: the schema does not allow it',
  ]);
});

const schemas = fc.letrec<{ schema: JsonValue }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.boolean(),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }), unevaluatedItems: tie('schema') }),
    fc.record({ items: tie('schema'), uniqueItems: fc.boolean(), contains: tie('schema') }),
    fc.record({
      properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')),
      unevaluatedProperties: tie('schema'),
    }),
    fc.record({ items: fc.record({ $ref: fc.constantFrom('#', '#/items') }), maxItems: fc.nat(3) }),
    fc.record({
      pattern: fc.constantFrom('^a*$', '(a|b)+'),
      format: fc.constantFrom('uri', 'email'),
      minLength: fc.nat(3),
    }),
    fc.record({ not: tie('schema'), if: tie('schema'), else: tie('schema') }),
  ),
}));

test('whatever can be published judges whatever can be sent, alone or as an alternative', () => {
  fc.assert(
    fc.property(schemas.schema, fc.jsonValue({ depthSize: 'large' }), (schema, input) => {
      fc.pre(schemaFaults(schema, '').length === 0);
      const value = Json.parse(input);
      const isRight = faultsIn(schema, value).length === 0;
      expect(faultsIn({ anyOf: [false, schema] }, value).length === 0).toBe(isRight);
    }),
  );
});
