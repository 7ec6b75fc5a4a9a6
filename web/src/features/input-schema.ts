import type { JsonValue } from '#contracts/json';
import { compileSchema, judge } from '#contracts/json-schema/judge';

export type JsonObject = { [key: string]: JsonValue };

interface FieldBase {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly isRequired: boolean;
  readonly schema: JsonObject;
}

/** One property of an input schema, as the control that fits it. What fits none is edited as JSON. */
export type Field =
  | (FieldBase & { readonly kind: 'text'; readonly inputType: 'text' | 'url' | 'email' | 'date' })
  | (FieldBase & { readonly kind: 'longtext'; readonly isBase64: boolean })
  | (FieldBase & { readonly kind: 'number'; readonly isInteger: boolean })
  | (FieldBase & { readonly kind: 'switch' })
  | (FieldBase & { readonly kind: 'choice'; readonly options: readonly string[] })
  | (FieldBase & { readonly kind: 'lines' })
  | (FieldBase & { readonly kind: 'json' });

/** Text above this length, or with a media type, gets a box of several lines and can come from a file. */
const ONE_LINE_MAX_LENGTH = 500;
const INPUT_TYPES = { uri: 'url', email: 'email', date: 'date' } as const;

/**
 * The fields of a form for `schema`, the required ones first and in the order they are required in: that of its properties is not kept
 * where manifests are stored. Undefined where it describes no plain object, and only the JSON editor fits.
 */
export function fieldsOf(schema: JsonValue): readonly Field[] | undefined {
  if (!isJsonObject(schema) || schema['type'] !== 'object' || !isJsonObject(schema['properties'])) return undefined;
  const required: JsonValue[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const properties = schema['properties'];
  const names = new Set([...required.filter((name) => typeof name === 'string'), ...Object.keys(properties)]);
  return [...names]
    .filter((name) => name in properties)
    .map((name) => {
      const property = properties[name];
      return fieldOf(name, isJsonObject(property) ? property : {}, required.includes(name));
    });
}

function fieldOf(name: string, schema: JsonObject, isRequired: boolean): Field {
  const base: FieldBase = {
    name,
    title: textOf(schema['title']) ?? name,
    description: textOf(schema['description']),
    isRequired,
    schema,
  };
  const options = stringsOf(schema['enum']);
  if (options) return { ...base, kind: 'choice', options };
  switch (schema['type']) {
    case 'string':
      return textField(base, schema);
    case 'integer':
    case 'number':
      return { ...base, kind: 'number', isInteger: schema['type'] === 'integer' };
    case 'boolean':
      return { ...base, kind: 'switch' };
    case 'array':
      return isJsonObject(schema['items']) && schema['items']['type'] === 'string'
        ? { ...base, kind: 'lines' }
        : { ...base, kind: 'json' };
    default:
      return { ...base, kind: 'json' };
  }
}

function textField(base: FieldBase, schema: JsonObject): Field {
  const isLong =
    schema['contentMediaType'] !== undefined ||
    schema['contentEncoding'] !== undefined ||
    (typeof schema['maxLength'] === 'number' && schema['maxLength'] > ONE_LINE_MAX_LENGTH);
  if (isLong) return { ...base, kind: 'longtext', isBase64: schema['contentEncoding'] === 'base64' };
  const format = textOf(schema['format']);
  const inputType = format === 'uri' || format === 'email' || format === 'date' ? INPUT_TYPES[format] : 'text';
  return { ...base, kind: 'text', inputType };
}

/** The schema's own defaults: what a form starts from. */
export function defaultsOf(schema: JsonValue): JsonObject {
  if (!isJsonObject(schema) || !isJsonObject(schema['properties'])) return {};
  const defaults: JsonObject = {};
  for (const [name, property] of Object.entries(schema['properties']))
    if (isJsonObject(property) && property['default'] !== undefined) defaults[name] = property['default'];
  return defaults;
}

/** One thing wrong with an input: the top-level property it belongs to (empty for none), where in it (a JSON Pointer), the keyword, and a sentence. */
export interface InputProblem {
  readonly name: string;
  readonly within: string;
  readonly keyword: string;
  readonly message: string;
}

/** The cell judges with the same rules. Only the first problem of a property is told. */
export function problemsOf(schema: JsonValue, input: JsonValue): InputProblem[] {
  const found = new Map<string, InputProblem>();
  for (const { path, keyword, message } of judge(compileSchema(schema), input, '')) {
    const [token = '', ...inner] = path.split('/').slice(1);
    const name = unescapePointer(token);
    const within = inner.map((part) => `/${part}`).join('');
    if (!found.has(name)) found.set(name, { name, within, keyword, message });
  }
  return [...found.values()];
}

/** RFC 6901 §4. */
function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function stringsOf(value: JsonValue | undefined): readonly string[] | undefined {
  return Array.isArray(value) && value.every((option) => typeof option === 'string') ? value : undefined;
}
