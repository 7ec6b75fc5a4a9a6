import { DomainError } from './errors.ts';
import { discardRest } from './leftover-body.ts';
import { readBounded, TooLong } from './read-bounded.ts';

export interface BodyBounds {
  readonly maxBytes: number;
  /** From the first look to the last byte: whoever sends more slowly is not waited for. */
  readonly withinMs: number;
}

/**
 * The whole of a request's body, whatever was said of its length.
 * @throws DomainError `payload_too_large` it goes on after `maxBytes` · `request_timeout` it is not there in time
 */
export async function readWithin(
  { maxBytes, withinMs }: BodyBounds,
  body: ReadableStream<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const refusal = new DomainError('request_timeout', `expected the whole body within ${withinMs} ms`);
    late.reject(refusal);
    // Nobody reads on: what a client that is so slow has left to send is not waited for.
    void reader.cancel(refusal).catch(() => undefined);
  }, withinMs);
  try {
    return await Promise.race([readBounded(reader, maxBytes), late.promise]);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    clearTimeout(timer);
    await discardRest(reader);
    throw tooLarge(maxBytes);
  } finally {
    clearTimeout(timer);
  }
}

export function tooLarge(maxBytes: number): DomainError {
  return new DomainError('payload_too_large', `expected at most ${maxBytes} bytes`, { maxBytes });
}
