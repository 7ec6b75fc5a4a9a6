import { MIN_SECRET_BYTES } from '#contracts/secret';

import { PatternSet } from './pattern-set.ts';

const MASK = Buffer.from('***');

/**
 * Replaces every occurrence of a pattern in a stream of bytes, however it is cut; occurrences that overlap become one mask. Only what may
 * still become an occurrence is held back.
 */
export class StreamMasker {
  readonly #patterns: PatternSet;
  #state = PatternSet.START;
  /** What was read and not let out yet. */
  #held: Buffer = Buffer.alloc(0);
  /** The occurrences in `held`, in order and apart from each other; one that is found later may cover several of them. */
  #found: Span[] = [];

  constructor(patterns: PatternSet) {
    this.#patterns = patterns;
  }

  push(chunk: Buffer): Buffer {
    if (this.#patterns.isEmpty || chunk.length === 0) return chunk;
    const known = this.#held.length;
    this.#held = known === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (let position = known; position < this.#held.length; position++) {
      this.#state = this.#patterns.next(this.#state, this.#held[position] ?? 0);
      const length = this.#patterns.matchLength(this.#state);
      if (length > 0) this.#cover({ begin: position + 1 - length, end: position + 1 });
    }
    // Whatever is found later begins there or after it.
    return this.#release(this.#held.length - this.#patterns.depth(this.#state));
  }

  /** The stream has ended: what is held becomes nothing more. */
  end(): Buffer {
    this.#state = PatternSet.START;
    return this.#release(this.#held.length);
  }

  /** The stream was perhaps cut off: what has begun like a pattern counts as one. */
  cut(): Buffer {
    const depth = this.#patterns.depth(this.#state);
    const end = this.#held.length;
    if (depth >= MIN_SECRET_BYTES) this.#cover({ begin: end - depth, end });
    return this.end();
  }

  #cover({ begin, end }: Span): void {
    let from = Math.max(0, begin);
    for (let last = this.#found.at(-1); last && last.end > from; last = this.#found.at(-1)) {
      from = Math.min(from, last.begin);
      this.#found.pop();
    }
    this.#found.push({ begin: from, end });
  }

  /** Lets out what lies before `open`; an occurrence that reaches beyond it is kept as a whole. */
  #release(open: number): Buffer {
    const out: Buffer[] = [];
    let written = 0;
    let settled = 0;
    for (const { begin, end } of this.#found) {
      if (end > open) break;
      out.push(this.#held.subarray(written, begin), MASK);
      written = end;
      settled += 1;
    }
    const kept = this.#found.slice(settled);
    const keepFrom = Math.max(written, Math.min(open, kept[0]?.begin ?? open));
    out.push(this.#held.subarray(written, keepFrom));
    // A copy: a view would keep the whole chunk alive.
    this.#held = Buffer.from(this.#held.subarray(keepFrom));
    this.#found = kept.map(({ begin, end }) => ({ begin: begin - keepFrom, end: end - keepFrom }));
    return Buffer.concat(out);
  }
}

interface Span {
  readonly begin: number;
  readonly end: number;
}
