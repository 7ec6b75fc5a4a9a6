import type { JsonValue } from '#contracts/json';

import { PatternSet } from './pattern-set.ts';
import { formsOf } from './secret-forms.ts';
import { StreamMasker } from './stream-masker.ts';

/** Of any integer, whatever its size (Number.MAX_SAFE_INTEGER has sixteen). */
const EXACT_DIGITS = 15;

/** Keeps the values of a run's secrets out of everything that is written down of the run. */
export class SecretMasker {
  readonly #patterns: PatternSet;
  readonly #forms: readonly Buffer[];
  #namePatterns: PatternSet | undefined;

  constructor(secrets: Readonly<Record<string, string>>) {
    this.#forms = formsOf(Object.values(secrets));
    this.#patterns = new PatternSet(this.#forms);
  }

  stream(): StreamMasker {
    return new StreamMasker(this.#patterns);
  }

  text(text: string): string {
    if (this.#patterns.isEmpty) return text;
    const masker = this.stream();
    return `${masker.push(Buffer.from(text)).toString()}${masker.end().toString()}`;
  }

  /** For text that may have been cut off in the middle of a value. */
  cutText(text: string): string {
    return this.cutBytes(Buffer.from(text)).toString();
  }

  cutBytes(bytes: Buffer): Buffer {
    return cutBy(this.#patterns, bytes);
  }

  /** For the name of a host, perhaps cut off: what was asked for in capitals is written down in small letters. */
  hostName(text: string): string {
    if (this.#patterns.isEmpty) return text;
    this.#namePatterns ??= new PatternSet([...this.#forms, ...this.#forms.map(inSmallLetters)]);
    return cutBy(this.#namePatterns, Buffer.from(text)).toString();
  }

  /** A number that shows a value becomes text. Bounded by the depth that JSON has here. */
  json(value: JsonValue): JsonValue {
    if (this.#patterns.isEmpty) return value;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.json(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.json(item)]));
  }

  /** An integer that a double cannot hold was rounded as it was read: its first digits are those that were said, the others are not. */
  #number(value: number): number | string {
    const wasRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
    const digits = wasRounded ? BigInt(value).toString().slice(0, EXACT_DIGITS) : String(value);
    const shown = wasRounded ? this.cutText(digits) : this.text(digits);
    return shown === digits ? value : shown;
  }
}

function cutBy(patterns: PatternSet, bytes: Buffer): Buffer {
  const masker = new StreamMasker(patterns);
  return Buffer.concat([masker.push(bytes), masker.cut()]);
}

function inSmallLetters(form: Buffer): Buffer {
  return Buffer.from(form.toString().toLowerCase());
}
