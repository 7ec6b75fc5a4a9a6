import type { JsonValue } from '../json.ts';
import type { SchemaDocument, Keyword } from './compile.ts';
import type { Check, Judging, Seen } from './judging.ts';
import { isObject, schemasIn, textIn } from './values.ts';

/** Keywords that look at the same value through other schemas: JSON Schema 2020-12 Core §8.2.3, §10.2. */

/** A subschema notes for itself what it has seen; it counts where the subschema holds. */
function onSameValue(check: Check, document: SchemaDocument): Check {
  if (!document.notesSeen) return check;
  return (value, place, judging, seen) => {
    const own = document.unseen();
    const isRight = check(value, place, judging, own);
    if (isRight) note(own, seen, judging);
    return isRight;
  };
}

function note(from: Seen | undefined, to: Seen | undefined, judging: Judging): void {
  if (!from || !to) return;
  judging.spend(from.properties.size + from.items.size);
  for (const name of from.properties) to.properties.add(name);
  for (const index of from.items) to.items.add(index);
}

function checksIn(argument: JsonValue, document: SchemaDocument): Check[] {
  return (Array.isArray(argument) ? argument : []).map((schema) => onSameValue(document.check(schema), document));
}

const $ref: Keyword = (argument, _, document) => {
  let target: Check | undefined;
  return (value, place, judging, seen) => {
    target ??= onSameValue(document.target(textIn(argument)), document);
    return target(value, place, judging, seen);
  };
};

const allOf: Keyword = (argument, _, document) => {
  const checks = checksIn(argument, document);
  return (value, place, judging, seen) => {
    let isRight = true;
    for (const check of checks) {
      if (check(value, place, judging, seen)) continue;
      isRight = false;
      if (!judging.isCurious) break;
    }
    return isRight;
  };
};

const anyOf: Keyword = (argument, _, document) => {
  const checks = checksIn(argument, document);
  return (value, place, judging, seen) => {
    let isRight = false;
    judging.silently(() => {
      for (const check of checks) {
        if (check(value, place, judging, seen)) isRight = true;
        // What the others would see matters only where somebody asks.
        if (isRight && !seen) break;
      }
      return isRight;
    });
    return isRight || judging.fault(place, 'anyOf', `expected one of ${checks.length} alternatives; none holds`);
  };
};

const oneOf: Keyword = (argument, _, document) => {
  const checks = checksIn(argument, document);
  return (value, place, judging, seen) => {
    let held = 0;
    judging.silently(() => {
      for (const check of checks) {
        if (check(value, place, judging, seen)) held += 1;
        if (held > 1) break;
      }
      return held === 1;
    });
    if (held === 1) return true;
    const what = held === 0 ? 'none holds' : 'several hold';
    return judging.fault(place, 'oneOf', `expected exactly one of ${checks.length} alternatives; ${what}`);
  };
};

const not: Keyword = (argument, _, document) => {
  const check = document.check(argument);
  return (value, place, judging) =>
    !judging.silently(() => check(value, place, judging, document.unseen())) ||
    judging.fault(place, 'not', 'expected another value: this is one that the schema rules out');
};

const when: Keyword = (argument, keywords, document) => {
  const branch = (name: string): Check => onSameValue(document.check(keywords[name] ?? true), document);
  const condition = onSameValue(document.check(argument), document);
  const [then, otherwise] = [branch('then'), branch('else')];
  return (value, place, judging, seen) => {
    const holds = judging.silently(() => condition(value, place, judging, seen));
    return (holds ? then : otherwise)(value, place, judging, seen);
  };
};

const dependentSchemas: Keyword = (argument, _, document) => {
  const checks = schemasIn(argument).map(([name, schema]) => ({
    name,
    check: onSameValue(document.check(schema), document),
  }));
  return (value, place, judging, seen) => {
    if (!isObject(value)) return true;
    let isRight = true;
    judging.spend(checks.length);
    for (const { name, check } of checks) {
      if (!Object.hasOwn(value, name) || check(value, place, judging, seen)) continue;
      isRight = false;
      if (!judging.isCurious) break;
    }
    return isRight;
  };
};

export const SUBSCHEMA_KEYWORDS: readonly (readonly [string, Keyword])[] = [
  ['$ref', $ref],
  ['allOf', allOf],
  ['anyOf', anyOf],
  ['oneOf', oneOf],
  ['not', not],
  ['if', when],
  ['dependentSchemas', dependentSchemas],
];
