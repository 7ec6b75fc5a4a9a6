import type { StreamMasker } from './stream-masker.ts';
import { type OutputText, TextStream } from './text-stream.ts';

/** A stream that speaks more often than this is gathered: a capsule that writes single bytes must not make a frame of each. */
const GATHER_MS = 5;
const MAX_GATHERED_BYTES = 32 * 1024;

/** stdout or stderr of a run, in pieces worth a frame. The first bytes after a pause go out at once. */
export class OutputStream {
  readonly #masker: StreamMasker;
  readonly #emit: (text: OutputText) => void;
  readonly #text = new TextStream();
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #lastEmitMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(masker: StreamMasker, emit: (text: OutputText) => void) {
    this.#masker = masker;
    this.#emit = emit;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    const waitMs = this.#lastEmitMs + GATHER_MS - performance.now();
    if (waitMs <= 0 || this.#gatheredBytes >= MAX_GATHERED_BYTES) this.#release();
    else this.#timer ??= setTimeout(() => this.#release(), waitMs);
  }

  end(): void {
    this.#release();
    const last = [this.#text.push(this.#masker.cut()), this.#text.flush()];
    for (const text of last) if (text) this.#emit(text);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gatheredBytes === 0) return;
    const text = this.#text.push(this.#masker.push(Buffer.concat(this.#gathered)));
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#lastEmitMs = performance.now();
    if (text) this.#emit(text);
  }
}
