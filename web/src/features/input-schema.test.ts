import { expect, test } from 'vitest';

import { defaultsOf, fieldsOf, problemsOf } from './input-schema.ts';

const SCHEMA = {
  type: 'object',
  required: ['start', 'rows'],
  additionalProperties: false,
  properties: {
    start: { type: 'string', format: 'uri', title: 'Start address' },
    depth: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
    report: { enum: ['all', 'broken'], default: 'broken' },
    rows: { type: 'string', maxLength: 100_000 },
    image: { type: 'string', contentEncoding: 'base64' },
    ignore: { type: 'array', items: { type: 'string' } },
    robots: { type: 'boolean', default: true },
    nested: { type: 'object', properties: { a: { type: 'number' } } },
  },
};

test('each property gets the control that fits it, and JSON where none does; what is required comes first', () => {
  expect(fieldsOf(SCHEMA)?.map((field) => [field.name, field.kind, field.isRequired])).toEqual([
    ['start', 'text', true],
    ['rows', 'longtext', true],
    ['depth', 'number', false],
    ['report', 'choice', false],
    ['image', 'longtext', false],
    ['ignore', 'lines', false],
    ['robots', 'switch', false],
    ['nested', 'json', false],
  ]);
});

test('a schema that is no plain object has no form', () => {
  expect(fieldsOf(true)).toBeUndefined();
  expect(fieldsOf({ anyOf: [{ type: 'object' }] })).toBeUndefined();
  expect(fieldsOf({ type: 'string' })).toBeUndefined();
});

test('a form starts from the defaults', () => {
  expect(defaultsOf(SCHEMA)).toEqual({ depth: 3, report: 'broken', robots: true });
});

test('what is missing and what is out of range is told, each at its field', () => {
  expect(problemsOf(SCHEMA, { start: 'https://example.com', depth: 12 })).toEqual([
    expect.objectContaining({ name: 'rows', keyword: 'required' }),
    expect.objectContaining({ name: 'depth', keyword: 'maximum' }),
  ]);
});

test('an input that fits has no problems', () => {
  expect(problemsOf(SCHEMA, { start: 'https://example.com', rows: 'a,b', nested: { a: 1 } })).toEqual([]);
});

test('a problem further in is told at the property that holds it', () => {
  expect(problemsOf(SCHEMA, { start: 'https://example.com', rows: '', nested: { a: 'one' } })).toEqual([
    { name: 'nested', within: '/a', keyword: 'type', message: 'expected number' },
  ]);
});
