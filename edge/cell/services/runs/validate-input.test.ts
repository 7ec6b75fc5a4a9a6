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
    validateInput(releaseWith(schema), input);
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
    { path: '/input/lines/1/sku', message: expect.stringContaining('required') },
    { path: '/input/extra', message: expect.stringContaining('expected nothing here') },
  ]);
});

test('what a schema cannot judge is refused, and nothing crashes', () => {
  expect(violationsFor({ properties: { a: { $ref: '#/$defs/nowhere' } } }, { a: 1 })).toEqual([
    { path: '/input', message: expect.stringContaining('cannot judge') },
  ]);
});

test('the boolean schemas mean everything and nothing', () => {
  expect(violationsFor(true, { any: ['thing'] })).toEqual([]);
  expect(violationsFor(false, null)).toHaveLength(1);
});

test('an input that would outgrow the row of its run is refused: what fits a body is longer once it is written again', () => {
  const body = `[${'1e20,'.repeat(200_000)}1]`;
  expect(body.length).toBeLessThan(2 ** 20);
  expect(violationsFor(true, JSON.parse(body))).toEqual([
    { path: '/input', message: expect.stringContaining('expected at most 1048576 bytes') },
  ]);
  expect(violationsFor(true, 'x'.repeat(2 ** 20 - 2))).toEqual([]);
  expect(violationsFor(true, 'x'.repeat(2 ** 20 - 1))).toHaveLength(1);
});
