import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';

import { fieldsOf, type JsonObject, problemsOf } from '../features/input-schema.ts';
import { SchemaForm } from './schema-form.tsx';

const SCHEMA = {
  type: 'object',
  properties: {
    depth: { type: 'integer', minimum: 1 },
    retries: { type: 'integer', minimum: 0, maximum: 9 },
    hosts: { type: 'array', minItems: 2, items: { type: 'string' } },
    site: { type: 'object', properties: { port: { type: 'integer' } } },
  },
};

function shown(value: JsonObject): string {
  const problems = problemsOf(SCHEMA, value);
  const props = { fields: fieldsOf(SCHEMA) ?? [], value, problems, onChange: () => undefined };
  return renderToStaticMarkup(createElement(SchemaForm, props)).replaceAll(/<[^>]*>/g, ' ');
}

test('a field says what would be right, also where it has one limit only', () => {
  const page = shown({ depth: 0, retries: 10, hosts: ['a.test'] });
  expect(page).toContain('Expected at least 1.');
  expect(page).toContain('A number from 0 to 9.');
  expect(page).toContain('Expected at least 2 items.');
});

test('a fault further in is told with its place, and not as one of the whole field', () => {
  expect(shown({ site: { port: 'ssh' } })).toContain('/port: expected integer.');
});
