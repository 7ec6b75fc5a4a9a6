import type { JsonValue } from '../json.ts';
import type { SchemaDocument, Keyword } from './compile.ts';
import type { Check, Judging, Place, Seen } from './judging.ts';
import { isObject, type JsonObject, namesIn, numberIn, schemasIn } from './values.ts';

/** Keywords that look into objects: JSON Schema 2020-12 Core §10.3.2, §11.3, Validation §6.5. */

type ObjectRule = (value: JsonObject, place: Place, judging: Judging, seen: Seen | undefined) => boolean;

function objectKeyword(rule: ObjectRule): Check {
  return (value, place, judging, seen) => !isObject(value) || rule(value, place, judging, seen);
}

/** Judges the properties `names` of one object, up to the first fault or to all that are told. */
function judgeEach(
  names: Iterable<string>,
  checkOf: (name: string) => Check | undefined,
  { value, place, judging, seen, document }: ObjectAsk,
): boolean {
  let isRight = true;
  for (const name of names) {
    judging.spend(1);
    const check = checkOf(name);
    if (!check) continue;
    seen?.properties.add(name);
    if (check(value[name] ?? null, { around: place, token: name }, judging, document.unseen())) continue;
    isRight = false;
    if (!judging.isCurious) break;
  }
  return isRight;
}

interface ObjectAsk {
  readonly value: JsonObject;
  readonly place: Place;
  readonly judging: Judging;
  readonly seen: Seen | undefined;
  readonly document: SchemaDocument;
}

const required: Keyword = (argument) => {
  const names = namesIn(argument);
  return objectKeyword((value, place, judging) => requireAll(names, value, place, judging, 'required'));
};

function requireAll(names: readonly string[], value: JsonObject, place: Place, judging: Judging, keyword: string) {
  judging.spend(Math.ceil(names.length / 8));
  let isRight = true;
  for (const name of names) {
    if (Object.hasOwn(value, name)) continue;
    isRight = judging.fault({ around: place, token: name }, keyword, `expected a value: "${name}" is required`);
    if (!judging.isCurious) break;
  }
  return isRight;
}

const dependentRequired: Keyword = (argument) => {
  const dependents = schemasIn(argument).map(([name, names]) => ({ name, names: namesIn(names) }));
  return objectKeyword((value, place, judging) => {
    judging.spend(dependents.length);
    return dependents.every(
      ({ name, names }) => !Object.hasOwn(value, name) || requireAll(names, value, place, judging, 'dependentRequired'),
    );
  });
};

const minProperties: Keyword = (argument) => {
  const least = numberIn(argument);
  return objectKeyword(
    (value, place, judging) =>
      judging.keysOf(value).length >= least ||
      judging.fault(place, 'minProperties', `expected at least ${least} properties`),
  );
};

const maxProperties: Keyword = (argument) => {
  const most = numberIn(argument);
  return objectKeyword(
    (value, place, judging) =>
      judging.keysOf(value).length <= most ||
      judging.fault(place, 'maxProperties', `expected at most ${most} properties`),
  );
};

const propertyNames: Keyword = (argument, _, document) => {
  const check = document.check(argument);
  return objectKeyword((value, place, judging) => {
    let isRight = true;
    for (const name of judging.keysOf(value)) {
      if (check(name, { around: place, token: name }, judging, document.unseen())) continue;
      isRight = false;
      if (!judging.isCurious) break;
    }
    return isRight;
  });
};

const properties: Keyword = (argument, _, document) => {
  const checks = new Map(schemasIn(argument).map(([name, schema]) => [name, document.check(schema)]));
  return objectKeyword((value, place, judging, seen) =>
    judgeEach(checks.keys(), (name) => (Object.hasOwn(value, name) ? checks.get(name) : undefined), {
      value,
      place,
      judging,
      seen,
      document,
    }),
  );
};

const patternProperties: Keyword = (argument, _, document) => {
  const checks = schemasIn(argument).map(([source, schema]) => ({ source, check: document.check(schema) }));
  return objectKeyword((value, place, judging, seen) => {
    const names = judging.keysOf(value);
    let isRight = true;
    for (const { source, check } of checks) {
      const checkOf = (name: string): Check | undefined => (judging.matches(source, name) ? check : undefined);
      if (judgeEach(names, checkOf, { value, place, judging, seen, document })) continue;
      isRight = false;
      if (!judging.isCurious) break;
    }
    return isRight;
  });
};

const additionalProperties: Keyword = (argument, keywords, document) => {
  const check = document.check(argument);
  const named = new Set(schemasIn(keywords['properties']).map(([name]) => name));
  const patterns = schemasIn(keywords['patternProperties']).map(([source]) => source);
  const isCovered = (name: string, judging: Judging): boolean =>
    named.has(name) || patterns.some((source) => judging.matches(source, name));
  return objectKeyword((value, place, judging, seen) =>
    judgeEach(judging.keysOf(value), (name) => (isCovered(name, judging) ? undefined : check), {
      value,
      place,
      judging,
      seen,
      document,
    }),
  );
};

const unevaluatedProperties: Keyword = (argument: JsonValue, _, document) => {
  const check = document.check(argument);
  return objectKeyword((value, place, judging, seen) =>
    judgeEach(judging.keysOf(value), (name) => (seen?.properties.has(name) ? undefined : check), {
      value,
      place,
      judging,
      seen,
      document,
    }),
  );
};

export const OBJECT_KEYWORDS: readonly (readonly [string, Keyword])[] = [
  ['required', required],
  ['dependentRequired', dependentRequired],
  ['minProperties', minProperties],
  ['maxProperties', maxProperties],
  ['propertyNames', propertyNames],
  ['properties', properties],
  ['patternProperties', patternProperties],
  ['additionalProperties', additionalProperties],
  ['unevaluatedProperties', unevaluatedProperties],
];
