import type { JsonValue } from '../json.ts';
import type { SchemaDocument, Keyword } from './compile.ts';
import type { Check, Judging, Place, Seen } from './judging.ts';
import { numberIn } from './values.ts';

/** Keywords that look into arrays: JSON Schema 2020-12 Core §10.3.1, §11.2, Validation §6.4. */

type ArrayRule = (items: readonly JsonValue[], place: Place, judging: Judging, seen: Seen | undefined) => boolean;

function arrayKeyword(rule: ArrayRule): Check {
  return (value, place, judging, seen) => !Array.isArray(value) || rule(value, place, judging, seen);
}

interface ArrayAsk {
  readonly items: readonly JsonValue[];
  readonly place: Place;
  readonly judging: Judging;
  readonly seen: Seen | undefined;
  readonly document: SchemaDocument;
}

/** Judges the items from `from` to before `to`, up to the first fault or to all that are told. */
function judgeEach(
  [from, to]: readonly [number, number],
  checkOf: (index: number) => Check | undefined,
  { items, place, judging, seen, document }: ArrayAsk,
): boolean {
  let isRight = true;
  for (let index = from; index < to; index += 1) {
    judging.spend(1);
    const check = checkOf(index);
    if (!check) continue;
    seen?.items.add(index);
    if (check(items[index] ?? null, { around: place, token: index }, judging, document.unseen())) continue;
    isRight = false;
    if (!judging.isCurious) break;
  }
  return isRight;
}

const minItems: Keyword = (argument) => {
  const least = numberIn(argument);
  return arrayKeyword(
    (items, place, judging) =>
      items.length >= least || judging.fault(place, 'minItems', `expected at least ${least} items`),
  );
};

const maxItems: Keyword = (argument) => {
  const most = numberIn(argument);
  return arrayKeyword(
    (items, place, judging) =>
      items.length <= most || judging.fault(place, 'maxItems', `expected at most ${most} items`),
  );
};

const uniqueItems: Keyword = (isAsked) =>
  arrayKeyword((items, place, judging) => {
    if (isAsked !== true) return true;
    const firstOf = new Map<string, number>();
    for (const [index, item] of items.entries()) {
      judging.spend(1);
      const identity = judging.identityOf(item);
      const first = firstOf.get(identity);
      if (first !== undefined) {
        return judging.fault(place, 'uniqueItems', `expected distinct items; ${first} and ${index} are the same`);
      }
      firstOf.set(identity, index);
    }
    return true;
  });

const prefixItems: Keyword = (argument, _, document) => {
  const checks = (Array.isArray(argument) ? argument : []).map((schema) => document.check(schema));
  return arrayKeyword((items, place, judging, seen) =>
    judgeEach([0, Math.min(checks.length, items.length)], (index) => checks[index], {
      items,
      place,
      judging,
      seen,
      document,
    }),
  );
};

const itemsKeyword: Keyword = (argument, keywords, document) => {
  const check = document.check(argument);
  const first = Array.isArray(keywords['prefixItems']) ? keywords['prefixItems'].length : 0;
  return arrayKeyword((items, place, judging, seen) =>
    judgeEach([first, items.length], () => check, { items, place, judging, seen, document }),
  );
};

const contains: Keyword = (argument, keywords, document) => {
  const check = document.check(argument);
  const least = typeof keywords['minContains'] === 'number' ? keywords['minContains'] : 1;
  const most = typeof keywords['maxContains'] === 'number' ? keywords['maxContains'] : Number.POSITIVE_INFINITY;
  return arrayKeyword((items, place, judging, seen) => {
    let found = 0;
    judging.silently(() => {
      for (const [index, item] of items.entries()) {
        judging.spend(1);
        if (!check(item, { around: place, token: index }, judging, document.unseen())) continue;
        seen?.items.add(index);
        found += 1;
      }
      return found > 0;
    });
    if (found < least)
      return judging.fault(place, 'contains', `expected at least ${least} items of the kind asked for`);
    if (found > most)
      return judging.fault(place, 'maxContains', `expected at most ${most} items of the kind asked for`);
    return true;
  });
};

const unevaluatedItems: Keyword = (argument, _, document) => {
  const check = document.check(argument);
  return arrayKeyword((items, place, judging, seen) =>
    judgeEach([0, items.length], (index) => (seen?.items.has(index) ? undefined : check), {
      items,
      place,
      judging,
      seen,
      document,
    }),
  );
};

export const ARRAY_KEYWORDS: readonly (readonly [string, Keyword])[] = [
  ['minItems', minItems],
  ['maxItems', maxItems],
  ['uniqueItems', uniqueItems],
  ['prefixItems', prefixItems],
  ['items', itemsKeyword],
  ['contains', contains],
  ['unevaluatedItems', unevaluatedItems],
];
