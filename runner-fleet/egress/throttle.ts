import { Transform, type TransformCallback } from 'node:stream';

import type { TokenBucket } from './token-bucket.ts';

/** Lets bytes through, counted and no faster than the bucket they share gives. */
export class Throttle extends Transform {
  readonly #bucket: TokenBucket;
  readonly #count: (bytes: number) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(bucket: TokenBucket, count: (bytes: number) => void) {
    super();
    this.#bucket = bucket;
    this.#count = count;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#count(chunk.length);
    const waitMs = this.#bucket.takeInDebt(chunk.length, performance.now());
    if (waitMs === 0) done(null, chunk);
    else this.#timer = setTimeout(done, waitMs, null, chunk);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }
}
