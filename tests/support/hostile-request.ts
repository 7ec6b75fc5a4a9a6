import fc from 'fast-check';
import { z } from 'zod';

import type { Operation } from '#contracts/operation';

/**
 * Requests that come near to what an operation takes, so that they get far, and in one place or another are nothing that anybody should
 * send. Made from the operation's own schemas.
 */
export interface HostileRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | FormData | undefined;
}

/** Ids that exist, by prefix (`ins`): what is refused at once tries nothing. */
export type Known = Readonly<Record<string, string>>;

const Schema = z.looseObject({
  type: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\u202e\u200b',
  '💥'.repeat(40),
  "'; drop table runs; --",
  '${jndi:x}',
  '../../etc/passwd',
  '__proto__',
  'x'.repeat(3_000),
  '-1',
  '1e999',
  'NaN',
  '９９',
];
const NUMBERS = [-1, 0, -0, 0.5, 1e21, 1e308, Number.MAX_SAFE_INTEGER + 2, 2 ** 31, 2 ** 63, -(2 ** 63)];
/** As sent: what `JSON.stringify` would not write. */
const RAW_BODIES = [
  '',
  'null',
  '[]',
  '7',
  '"x"',
  '{',
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1},"constructor":null}',
  '\ufeff{}',
  '['.repeat(20_000),
  `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
  `{"n":${'9'.repeat(5_000)}}`,
  '{"n":1e999}',
  '{"text":"\\ud800\\u0000"}',
];
/** As sent, percent-encoded or not. */
const RAW_SEGMENTS = [
  '%00',
  '%ed%a0%80',
  '%ff',
  '%2e%2e%2f',
  '%',
  '%zz',
  '%F0%9F%92%A5',
  'a'.repeat(2_000),
  '%0d%0a',
  '~',
];
const HEADER_VALUES = ['', '0', '-1', '99999999999999999999', 'x'.repeat(2_000), 'ÿþ', '*/*', 'text/event-stream', '"'];

export function hostileRequest(operation: Operation, known: Known): fc.Arbitrary<HostileRequest> {
  const { params, query, headers } = operation.request ?? {};
  return fc
    .record({
      path: pathOf(operation.path, params, known),
      query: query ? queryOf(query, known) : fc.constant(''),
      headers: fc.dictionary(
        fc.constantFrom(...Object.keys(headers?.shape ?? {}), 'accept', 'soma-region', 'range', 'content-language'),
        fc.constantFrom(...HEADER_VALUES),
        { maxKeys: 2 },
      ),
      content: contentOf(operation, known),
    })
    .map((drawn) => ({
      path: drawn.query === '' ? drawn.path : `${drawn.path}?${drawn.query}`,
      headers: { ...drawn.headers, ...drawn.content.headers },
      body: drawn.content.body,
    }));
}

/** A body that the operation takes; undefined where it takes none. */
export function soundBody(operation: Operation, known: Known): fc.Arbitrary<unknown> {
  const schema = jsonBodyOf(operation);
  if (!schema) return fc.constant(undefined);
  const never = () => fc.constant(undefined);
  return valueOf(describe(schema), known, never).filter((body) => schema.safeParse(body).success);
}

function jsonBodyOf({ request }: Operation): z.ZodType | undefined {
  const schema = request?.body?.content['application/json']?.schema;
  return schema instanceof z.ZodType ? schema : undefined;
}

type Hostile = () => fc.Arbitrary<unknown>;

function describe(schema: z.ZodType): unknown {
  const { $defs = {}, ...root } = Described.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return inlined(root, $defs);
}

const Described = z.looseObject({ $defs: z.record(z.string(), z.unknown()).optional() });

/** Schemas that have a name are referred to by it. */
function inlined(part: unknown, named: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(part)) return part.map((item) => inlined(item, named));
  if (typeof part !== 'object' || part === null) return part;
  if ('$ref' in part) return inlined(named[String(part.$ref).replace('#/$defs/', '')], named);
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, inlined(value, named)]));
}

function pathOf(path: string, params: z.ZodObject | undefined, known: Known): fc.Arbitrary<string> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const segments = names.map((name) => {
    const schema = params?.shape[name];
    const sound = schema instanceof z.ZodType ? valueOf(describe(schema), known, hostileText) : hostileText();
    return fc.oneof(
      { weight: 3, arbitrary: sound.map((value) => encodeURIComponent(String(value).toWellFormed())) },
      { weight: 1, arbitrary: fc.constantFrom(...RAW_SEGMENTS) },
    );
  });
  return fc
    .tuple(...segments)
    .map((drawn) => names.reduce((filled, name, at) => filled.replace(`{${name}}`, () => drawn[at] ?? ''), path));
}

function queryOf(query: z.ZodObject, known: Known): fc.Arbitrary<string> {
  const parts = Object.entries(query.shape).map(([name, schema]) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant('') },
      {
        weight: 2,
        arbitrary: (schema instanceof z.ZodType ? valueOf(describe(schema), known, hostileText) : hostileText()).map(
          (value) => `${name}=${encodeURIComponent(String(value).toWellFormed())}`,
        ),
      },
      { weight: 1, arbitrary: fc.constantFrom(...RAW_SEGMENTS).map((raw) => `${name}=${raw}`) },
    ),
  );
  return fc.tuple(...parts).map((drawn) => drawn.filter((part) => part !== '').join('&'));
}

interface DrawnContent {
  readonly headers: Record<string, string>;
  readonly body: string | FormData | undefined;
}

function contentOf(operation: Operation, known: Known): fc.Arbitrary<DrawnContent> {
  const content = operation.request?.body?.content;
  if (!content) return fc.constant({ headers: {}, body: undefined });
  if (content['multipart/form-data']) return formOf();
  const schema = jsonBodyOf(operation);
  const headers = fc.constantFrom(
    'application/json',
    'application/json',
    'application/json',
    'text/plain',
    'application/json; charset=utf-16',
  );
  const value = schema ? valueOf(describe(schema), known, hostileValue) : hostileValue();
  const text = fc.oneof(
    { weight: 5, arbitrary: value.map((drawn) => JSON.stringify(drawn) ?? '') },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_BODIES) },
  );
  return fc.record({ headers: headers.map((type) => ({ 'content-type': type })), body: text });
}

function formOf(): fc.Arbitrary<DrawnContent> {
  const part = fc.oneof(
    hostileText().map((text) => text.toWellFormed()),
    fc.uint8Array({ maxLength: 2_000 }).map((bytes) => new File([new Uint8Array(bytes)], 'bundle\u0000.tar')),
    fc
      .constantFrom('{}', '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}')
      .map((text) => new File([text], 'x')),
  );
  return fc.dictionary(fc.constantFrom('bundle', 'signature', 'other'), part).map((parts) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(parts)) form.append(name, value);
    return { headers: {}, body: form };
  });
}

function hostileText(): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));
}

function hostileValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    hostileText(),
    fc.constantFrom(...NUMBERS),
    fc.constantFrom(null, true, [], {}, [[]], { '': {} }, { '\u0000': '\u0000' }, nested(80)),
  );
}

function nested(depth: number): unknown {
  return depth === 0 ? 'deep' : [nested(depth - 1)];
}

/** A value of the schema; any part of it may be swapped for a hostile one. */
function valueOf(description: unknown, known: Known, hostile: Hostile): fc.Arbitrary<unknown> {
  const schema = Schema.parse(description);
  const sound = soundValueOf(schema, known, hostile);
  return fc.oneof({ weight: 7, arbitrary: sound }, { weight: 1, arbitrary: hostile() });
}

function soundValueOf(schema: z.infer<typeof Schema>, known: Known, hostile: Hostile): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => valueOf(choice, known, hostile)));
  switch (schema.type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {});
      const arbitraries = properties.map(([name, property]) => [name, valueOf(property, known, hostile)] as const);
      const required = schema.required ?? [];
      return fc.record(Object.fromEntries(arbitraries), { requiredKeys: required });
    }
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, known, hostile), { maxLength: 3 });
    case 'string':
      return textOf(schema, known);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 1, max: Math.min(schema.maximum ?? 100, 2 ** 31 - 1) });
    case 'number':
      return fc.double({ min: 0, max: 1, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

function textOf({ pattern, format }: z.infer<typeof Schema>, known: Known): fc.Arbitrary<string> {
  const prefix = /^\^([a-z]{3})_/.exec(pattern ?? '')?.[1];
  const existing = prefix === undefined ? undefined : known[prefix];
  if (format === 'email') return fc.constantFrom('ada@example.com', 'ghost@example.net');
  if (format === 'date-time')
    return fc.constantFrom('2026-11-23T09:30:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z');
  if (format === 'uri') return fc.constantFrom('https://example.com/hook', 'http://127.0.0.1:9/hook');
  const drawn = pattern === undefined ? fc.string({ minLength: 1, maxLength: 20 }) : matching(pattern);
  return existing === undefined ? drawn : fc.oneof(fc.constant(existing), drawn);
}

/** Patterns that look ahead cannot be drawn from. */
function matching(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'));
  } catch {
    return fc.constantFrom('echo', '1.0.0', 'acme/echo', '*');
  }
}
