import canonicalize from 'canonicalize';

import type { Violation } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { compilePattern, type Pattern, UnsupportedPattern } from './pattern.ts';

/** Where a value stands: its key or index in the value around it. */
export type Place = { readonly around: Place; readonly token: string | number } | undefined;

/** What of a value its subschemas have looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
export interface Seen {
  readonly properties: Set<string>;
  readonly items: Set<number>;
}

/** Whether `value` is right, by one schema or one keyword of it. What is wrong is reported to `judging`. */
export type Check = (value: JsonValue, place: Place, judging: Judging, seen: Seen | undefined) => boolean;

export interface SchemaViolation extends Violation {
  readonly keyword: string;
}

/** The schema asks for more than any input is worth, or for what cannot be done. */
export class CannotJudge extends Error {}

const MAX_VIOLATIONS = 20;
/**
 * What one judgement may do, whatever the schema and the input: a step is a subschema, a key or some characters looked at, at most some
 * hundred nanoseconds. An input of 1 MiB has 500,000 values at most.
 */
const MAX_STEPS = 20_000_000;
const MAX_DEPTH = 1_000;
/** One instruction of a pattern on one character is worth this part of a step. */
const INSTRUCTIONS_PER_STEP = 10;
const CHARS_PER_STEP = 8;

/** One judgement: what it may still spend and what it has found. */
export class Judging {
  readonly violations: SchemaViolation[] = [];
  readonly #at: string;
  readonly #patterns = new Map<string, Pattern>();
  #stepsLeft = MAX_STEPS;
  #depth = 0;
  #silent = 0;

  constructor(at: string) {
    this.#at = at;
  }

  /** Whether looking on after a first fault may find another that is told. */
  get isCurious(): boolean {
    return this.#silent === 0 && this.violations.length < MAX_VIOLATIONS;
  }

  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new CannotJudge('it takes too much work for an input of this shape');
  }

  /** Judges one level further in. */
  within(work: () => boolean): boolean {
    this.spend(1);
    if (this.#depth >= MAX_DEPTH) throw new CannotJudge('it refers to itself too deeply for an input of this shape');
    this.#depth += 1;
    try {
      return work();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Asks, without telling what is wrong. */
  silently(work: () => boolean): boolean {
    this.#silent += 1;
    try {
      return work();
    } finally {
      this.#silent -= 1;
    }
  }

  fault(place: Place, keyword: string, message: string): false {
    if (this.isCurious) this.violations.push({ path: `${this.#at}${pointerOf(place)}`, keyword, message });
    return false;
  }

  matches(source: string, text: string): boolean {
    let pattern = this.#patterns.get(source);
    if (!pattern) {
      pattern = compiled(source);
      this.#patterns.set(source, pattern);
      this.spend(pattern.instructions * INSTRUCTIONS_PER_STEP);
    }
    this.spend(1 + Math.ceil((pattern.instructions * text.length) / INSTRUCTIONS_PER_STEP));
    return pattern.matcher.test(text);
  }

  /** What two values have in common exactly where JSON Schema calls them equal: their canonical form (RFC 8785). */
  identityOf(value: JsonValue): string {
    if (typeof value === 'number') return String(value + 0);
    const text = typeof value === 'string' ? JSON.stringify(value) : (canonicalize(value) ?? '');
    this.read(text);
    return text;
  }

  read(text: string): void {
    this.spend(Math.ceil(text.length / CHARS_PER_STEP));
  }

  keysOf(value: { readonly [key: string]: JsonValue }): string[] {
    const keys = Object.keys(value);
    this.spend(keys.length);
    return keys;
  }
}

function compiled(source: string): Pattern {
  try {
    return compilePattern(source);
  } catch (error) {
    if (error instanceof UnsupportedPattern) throw new CannotJudge(error.message);
    throw error;
  }
}

/** RFC 6901 */
function pointerOf(place: Place): string {
  const tokens: string[] = [];
  for (let at = place; at !== undefined; at = at.around) tokens.push(`/${escapeToken(String(at.token))}`);
  return tokens.toReversed().join('');
}

export function escapeToken(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
