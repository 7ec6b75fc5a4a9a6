import { expect, test } from 'vitest';

import { mintText } from '#contracts/brand';
import { DomainError } from '#contracts/errors';
import { newId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';
import { Manifest } from '#contracts/manifest';

import type { Release } from '../catalogue/load-release.ts';
import { validateInput } from './validate-input.ts';

function releaseWith(input: JsonValue): Release {
  const manifest = Manifest.parse({
    name: 'acme/tool',
    version: '1.0.0',
    title: 'A tool',
    description: 'Does what it says.',
    license: 'Apache-2.0',
    runtime: 'node24',
    entrypoint: 'main.js',
    input,
    output: true,
  });
  return { id: newId('ver'), version: '1.0.0', digest: mintText(`sha256:${'0'.repeat(64)}`), manifest };
}

function violationsFor(schema: JsonValue, input: JsonValue): unknown {
  try {
    validateInput(releaseWith(schema), input, JSON.stringify(input).length);
    return [];
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_input') throw error;
    return error.extra['violations'];
  }
}

const ORDER = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', maxLength: 4 }, lines: { type: 'array', items: { $ref: '#/$defs/line' } } },
  additionalProperties: false,
  $defs: { line: { type: 'object', required: ['sku'] } },
};

test('an input that matches the schema passes', () => {
  expect(violationsFor(ORDER, { id: 'a', lines: [{ sku: 1 }] })).toEqual([]);
});

test('only what is really wrong is named, with the pointer to it in the request', () => {
  expect(violationsFor(ORDER, { id: 'too long', lines: [{ sku: 1 }, {}], extra: true })).toEqual([
    { path: '/input/id', message: expect.stringContaining('too long') },
    { path: '/input/lines/1', message: expect.stringContaining('"sku"') },
    { path: '/input/extra', message: expect.stringContaining('expected nothing here') },
  ]);
});

test('a large input with a million faults is answered with the first', () => {
  const violations = violationsFor(
    { type: 'array', items: { type: 'string' } },
    Array.from({ length: 200_000 }, () => 1),
  );
  expect(violations).toEqual([{ path: '/input/0', message: expect.stringContaining('string') }]);
});

test('a schema that fails while it judges refuses the input and does not crash', () => {
  expect(violationsFor({ properties: { a: { $ref: '#/$defs/nowhere' } } }, { a: 1 })).toEqual([
    { path: '/input', message: expect.stringContaining('cannot judge') },
  ]);
});

test('a schema that doubles its work with every level is cut off', () => {
  const doubling = { properties: { a: { allOf: [{ $ref: '#' }, { $ref: '#' }] } } };
  let input: JsonValue = {};
  for (let level = 0; level < 60; level += 1) input = { a: input };
  expect(violationsFor(doubling, input)).toEqual([
    { path: '/input', message: expect.stringContaining('refers to itself too often') },
  ]);
});

test('an honest recursive schema judges deep and wide inputs', () => {
  const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } } };
  let input: JsonValue = { children: Array.from({ length: 20_000 }, () => ({})) };
  for (let level = 0; level < 25; level += 1) input = { children: [input] };
  expect(violationsFor(tree, input)).toEqual([]);
});

test('the boolean schemas mean everything and nothing', () => {
  expect(violationsFor(true, { any: ['thing'] })).toEqual([]);
  expect(violationsFor(false, null)).toHaveLength(1);
});
