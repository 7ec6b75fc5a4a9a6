import type { Violation } from '../errors.ts';
import { pointerOf } from './compile.ts';
import { escapeToken } from './judging.ts';
import { compilePattern, UnsupportedPattern } from './pattern.ts';
import { isObject } from './values.ts';

/**
 * The part of JSON Schema 2020-12 that publishers may use for input and output: the whole core, applicator, validation and
 * annotation vocabularies, without what reaches outside the document (`$id`, remote `$ref`) or changes with the caller
 * (`$dynamicRef`). Unknown keywords are refused, because a typo there is a check that silently never happens.
 */
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
const MAX_SUBSCHEMAS = 1_000;
/** Each is compiled, which costs up to some tenths of a second where its counts are large. */
const MAX_PATTERNS = 50;
const MAX_PATTERN_FAULTS = 3;
/** How many subschemas may look at one and the same value. */
const MAX_EVALUATIONS_PER_VALUE = 1_000;

type Check = (value: unknown) => string | undefined;

const isText = (value: unknown): value is string => typeof value === 'string';
const areDistinctTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(isText) && new Set(value).size === value.length;
const rule =
  (holds: (value: unknown) => boolean, right: string): Check =>
  (value) =>
    holds(value) ? undefined : `expected ${right}`;

const text = rule(isText, 'a string');
const flag = rule((value) => typeof value === 'boolean', 'true or false');
const number = rule((value) => typeof value === 'number', 'a number');
const count = rule((value) => Number.isSafeInteger(value) && Number(value) >= 0, 'a whole number, not below 0');
const anything: Check = () => undefined;

/** Keywords whose value is no schema. */
const VALUE_KEYWORDS: ReadonlyMap<string, Check> = new Map([
  ['$schema', rule((value) => value === DIALECT, `"${DIALECT}"`)],
  [
    '$ref',
    rule((value) => isText(value) && /^#($|\/)/.test(value), 'a reference inside this schema, such as "#/$defs/item"'),
  ],
  ['$comment', text],
  ['title', text],
  ['description', text],
  ['format', text],
  ['contentEncoding', text],
  ['contentMediaType', text],
  ['default', anything],
  ['const', anything],
  ['examples', rule(Array.isArray, 'an array')],
  ['enum', rule((value) => Array.isArray(value) && value.length > 0, 'an array of at least one value')],
  ['deprecated', flag],
  ['readOnly', flag],
  ['writeOnly', flag],
  ['uniqueItems', flag],
  [
    'type',
    rule(
      (value) => [value].flat().every((name) => isText(name) && TYPES.includes(name)) && [value].flat().length > 0,
      `one or several of ${TYPES.join(', ')}`,
    ),
  ],
  ['pattern', rule(isText, 'a regular expression as a string')],
  ['required', rule(areDistinctTexts, 'an array of distinct property names')],
  [
    'dependentRequired',
    rule(
      (value) => isObject(value) && Object.values(value).every(areDistinctTexts),
      'an object of arrays of property names',
    ),
  ],
  ...[
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'minContains',
    'maxContains',
    'minProperties',
    'maxProperties',
  ].map((name): [string, Check] => [name, count]),
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].map((name): [string, Check] => [name, number]),
  ['multipleOf', rule((value) => typeof value === 'number' && value > 0, 'a number above 0')],
]);

interface Holder {
  readonly shape: 'one' | 'list' | 'map';
  /** Whether the schemas it holds look at the very value, or at a part of it. */
  readonly isSameValue: boolean;
}

/** Keywords that hold schemas. */
const HOLDERS: readonly (readonly [keywords: string, holder: Holder])[] = [
  ['allOf anyOf oneOf', { shape: 'list', isSameValue: true }],
  ['not if then else', { shape: 'one', isSameValue: true }],
  ['dependentSchemas', { shape: 'map', isSameValue: true }],
  ['prefixItems', { shape: 'list', isSameValue: false }],
  ['properties patternProperties $defs definitions', { shape: 'map', isSameValue: false }],
  [
    'items contains additionalProperties unevaluatedProperties unevaluatedItems propertyNames contentSchema',
    { shape: 'one', isSameValue: false },
  ],
];
const SCHEMA_KEYWORDS = new Map(
  HOLDERS.flatMap(([names, holder]) => names.split(' ').map((name) => [name, holder] as const)),
);

const INSTEAD: Readonly<Record<string, string>> = {
  $id: 'leave it out; a schema stands alone',
  id: 'leave it out; a schema stands alone',
  $anchor: 'put the part under $defs and refer to it as "#/$defs/name"',
  $dynamicRef: 'use $ref with a reference inside this schema',
  $dynamicAnchor: 'put the part under $defs and refer to it as "#/$defs/name"',
  $recursiveRef: 'use $ref: "#"',
  $recursiveAnchor: 'use $ref: "#"',
  $vocabulary: 'leave it out',
  additionalItems: 'use prefixItems and items',
  dependencies: 'use dependentRequired or dependentSchemas',
};

interface Node {
  readonly pointer: string;
  readonly reference: string | undefined;
  /** Pointers of the subschemas that look at the same value. */
  readonly sameValue: readonly string[];
  readonly patterns: readonly { readonly path: string; readonly source: string }[];
}

/** What keeps `schema` from being usable, as JSON Pointers below `at`; empty where nothing does. */
export function schemaFaults(schema: unknown, at: string): Violation[] {
  const nodes = new Map<string, Node>();
  const faults = collect(schema, '', nodes);
  if (faults.length === 0) faults.push(...patternFaults(nodes));
  if (faults.length === 0) faults.push(...referenceFaults(nodes));
  return faults.map(({ path, message }) => ({ path: `${at}${path}`, message }));
}

function collect(schema: unknown, pointer: string, nodes: Map<string, Node>): Violation[] {
  if (nodes.size >= MAX_SUBSCHEMAS)
    return [{ path: pointer, message: `the schema has more than ${MAX_SUBSCHEMAS} parts` }];
  if (typeof schema !== 'boolean' && !isObject(schema)) {
    return [{ path: pointer, message: 'expected a JSON Schema: an object, true or false' }];
  }
  const faults: Violation[] = [];
  const sameValue: string[] = [];
  const patterns: { path: string; source: string }[] = [];
  const keywords = isObject(schema) ? schema : {};
  nodes.set(pointer, {
    pointer,
    reference: isText(keywords['$ref']) ? keywords['$ref'] : undefined,
    sameValue,
    patterns,
  });
  for (const [keyword, value] of Object.entries(keywords)) {
    const path = `${pointer}/${escapeToken(keyword)}`;
    const holder = SCHEMA_KEYWORDS.get(keyword);
    if (!holder) {
      const message = keywordFault(keyword, value);
      if (message) faults.push({ path, message });
      if (keyword === 'pattern' && isText(value)) patterns.push({ path, source: value });
      continue;
    }
    const children = childrenOf(holder.shape, value);
    if (!children) {
      const right = { one: 'a schema', list: 'an array of at least one schema', map: 'an object of schemas' }[
        holder.shape
      ];
      faults.push({ path, message: `expected ${right}` });
      continue;
    }
    for (const [token, child] of children) {
      const childPointer = token === '' && holder.shape === 'one' ? path : `${path}/${escapeToken(token)}`;
      if (holder.isSameValue) sameValue.push(childPointer);
      if (keyword === 'patternProperties') patterns.push({ path: childPointer, source: token });
      faults.push(...collect(child, childPointer, nodes));
      if (faults.length > 20) return faults;
    }
  }
  return faults;
}

function keywordFault(keyword: string, value: unknown): string | undefined {
  const check = VALUE_KEYWORDS.get(keyword);
  if (check) return check(value);
  const instead = Object.hasOwn(INSTEAD, keyword) ? INSTEAD[keyword] : undefined;
  return instead
    ? `${keyword} is not supported; ${instead}`
    : `${JSON.stringify(keyword)} is no keyword of JSON Schema 2020-12`;
}

function childrenOf(shape: 'one' | 'list' | 'map', value: unknown): [token: string, child: unknown][] | undefined {
  if (shape === 'one') return [['', value]];
  if (shape === 'map') return isObject(value) ? Object.entries(value) : undefined;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.map((child: unknown, index) => [String(index), child]);
}

function patternFaults(nodes: ReadonlyMap<string, Node>): Violation[] {
  const patterns = [...nodes.values()].flatMap((node) => node.patterns);
  if (new Set(patterns.map(({ source }) => source)).size > MAX_PATTERNS) {
    return [{ path: '', message: `the schema has more than ${MAX_PATTERNS} patterns; expected fewer` }];
  }
  const faults: Violation[] = [];
  const judged = new Map<string, string | undefined>();
  for (const { path, source } of patterns) {
    if (!judged.has(source)) judged.set(source, patternFault(source));
    const message = judged.get(source);
    if (message !== undefined) faults.push({ path, message });
    if (faults.length === MAX_PATTERN_FAULTS) break;
  }
  return faults;
}

function patternFault(source: string): string | undefined {
  try {
    compilePattern(source);
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedPattern) return error.message;
    throw error;
  }
}

/** References lead to schemas, never in a circle around one value, and never to an explosion of work on one value. */
function referenceFaults(nodes: ReadonlyMap<string, Node>): Violation[] {
  const costs = new Map<string, number>();
  const onPath = new Set<string>();
  const faults: Violation[] = [];

  const costOf = ({ pointer, reference, sameValue }: Node): number => {
    const known = costs.get(pointer);
    if (known !== undefined) return known;
    if (onPath.has(pointer)) {
      faults.push({ path: pointer, message: 'this schema refers to itself for the same value, without end' });
      return 0;
    }
    onPath.add(pointer);
    const target = reference === undefined ? undefined : pointerOf(reference);
    const next = [...sameValue, ...(target === undefined ? [] : [target])];
    let cost = 1;
    for (const step of next) {
      const node = nodes.get(step);
      if (node) cost += costOf(node);
      else
        faults.push({
          path: `${pointer}/$ref`,
          message: `${JSON.stringify(reference)} leads to no schema in this document`,
        });
    }
    onPath.delete(pointer);
    costs.set(pointer, cost);
    return cost;
  };

  for (const node of nodes.values()) {
    if (faults.length > 0) break;
    if (costOf(node) > MAX_EVALUATIONS_PER_VALUE) {
      faults.push({
        path: node.pointer,
        message: `checking one value against this takes more than ${MAX_EVALUATIONS_PER_VALUE} steps; expected fewer alternatives`,
      });
    }
  }
  return faults;
}
