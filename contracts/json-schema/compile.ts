import type { JsonValue } from '../json.ts';
import { ARRAY_KEYWORDS } from './array-keywords.ts';
import { CannotJudge, type Check, type Seen } from './judging.ts';
import { OBJECT_KEYWORDS } from './object-keywords.ts';
import { SCALAR_KEYWORDS } from './scalar-keywords.ts';
import { SUBSCHEMA_KEYWORDS } from './subschema-keywords.ts';
import { isObject, type JsonObject } from './values.ts';

/** One keyword as a check; `keywords` are those it stands beside. */
export type Keyword = (argument: JsonValue, keywords: JsonObject, document: SchemaDocument) => Check;

/** In the order in which they are checked: what is cheap first, and last what depends on what the others have seen. */
const KEYWORDS: readonly (readonly [name: string, keyword: Keyword])[] = [
  ...SCALAR_KEYWORDS,
  ...SUBSCHEMA_KEYWORDS,
  ...OBJECT_KEYWORDS,
  ...ARRAY_KEYWORDS,
];

/** A schema as a whole, and its parts as checks. A part that another refers to is compiled where it is first needed. */
export class SchemaDocument {
  /** Whether any part asks what the others have seen; else nothing is noted. */
  readonly notesSeen: boolean;
  readonly #root: JsonValue;
  readonly #targets = new Map<string, Check>();

  constructor(root: JsonValue) {
    this.#root = root;
    this.notesSeen = /"unevaluated(?:Properties|Items)"/.test(JSON.stringify(root));
  }

  check(schema: JsonValue): Check {
    if (schema === true) return () => true;
    if (!isObject(schema)) {
      return (_value, place, judging) =>
        judging.fault(place, 'false', 'expected nothing here: the schema does not allow it');
    }
    const checks = KEYWORDS.filter(([name]) => Object.hasOwn(schema, name)).map(([name, keyword]) =>
      keyword(schema[name] ?? null, schema, this),
    );
    return (value, place, judging, seen) =>
      judging.within(() => {
        let isRight = true;
        for (const check of checks) {
          if (check(value, place, judging, seen)) continue;
          isRight = false;
          if (!judging.isCurious) break;
        }
        return isRight;
      });
  }

  target(reference: string): Check {
    const known = this.#targets.get(reference);
    if (known) return known;
    let schema: JsonValue | undefined = this.#root;
    for (const token of tokensOf(reference)) {
      if (typeof schema !== 'object' || schema === null) schema = undefined;
      else schema = Object.entries(schema).find(([key]) => key === token)?.[1];
      if (schema === undefined) throw new CannotJudge(`${reference} leads to no schema`);
    }
    const check = this.check(schema);
    this.#targets.set(reference, check);
    return check;
  }

  /** For a value that nothing has looked at. */
  unseen(): Seen | undefined {
    return this.notesSeen ? { properties: new Set(), items: new Set() } : undefined;
  }
}

function tokensOf(reference: string): string[] {
  return pointerOf(reference)
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `#/$defs/a%20b` as the pointer `/$defs/a b`. */
export function pointerOf(reference: string): string {
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    return reference.slice(1);
  }
}
