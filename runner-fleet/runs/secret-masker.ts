import type { JsonValue } from '#contracts/json';

import { PatternSet } from './pattern-set.ts';
import { formsOf } from './secret-forms.ts';
import { StreamMasker } from './stream-masker.ts';

/** Keeps the values of a run's secrets out of everything that is written down of the run. */
export class SecretMasker {
  readonly #patterns: PatternSet;

  constructor(secrets: Readonly<Record<string, string>>) {
    this.#patterns = new PatternSet(Object.values(secrets).flatMap(formsOf));
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
    const masker = this.stream();
    return Buffer.concat([masker.push(bytes), masker.cut()]);
  }

  /** A number that shows a value becomes text. Bounded by the depth that JSON has here. */
  json(value: JsonValue): JsonValue {
    if (this.#patterns.isEmpty) return value;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') {
      const shown = this.text(String(value));
      return shown === String(value) ? value : shown;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.json(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.json(item)]));
  }
}
