import type { MiddlewareHandler } from 'hono';

import { DomainError } from '#contracts/errors';
import { discardBody, discardRest } from '#contracts/leftover-body';
import { readBounded, TooLong } from '#contracts/read-bounded';

import type { AppEnv } from '../context.ts';

export const DEFAULT_BODY_BYTES = 2 ** 20;
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Refuses a larger body before it is parsed; a body of unknown length is held in memory, and no further than the limit. */
export function limitBody(maxBytes: number): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { raw } = c.req;
    const length = raw.headers.has('transfer-encoding') ? null : raw.headers.get('content-length');
    if (raw.body && length === null) {
      c.req.raw = new Request(raw, { method: raw.method, body: await readUpTo(maxBytes, raw.body) });
    } else if (raw.body && Number(length) > maxBytes) throw tooLarge(maxBytes);
    await next();
  };
}

async function readUpTo(maxBytes: number, body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  try {
    return await readBounded(reader, maxBytes);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    await discardRest(reader);
    throw tooLarge(maxBytes);
  }
}

function tooLarge(maxBytes: number): DomainError {
  return new DomainError('payload_too_large', `expected at most ${maxBytes} bytes`, { maxBytes });
}

/** Outermost: whatever was answered, the client gets to the end of what it sends, and so to the answer. */
export const readToEnd: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { raw } = c.req;
  await next();
  await discardBody(raw);
};

/** Bounds the time to the first byte of an answer; a stream that has begun goes on. */
export function limitTime(timeoutMs: number): MiddlewareHandler<AppEnv> {
  return async (_c, next) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new DomainError('unavailable', `this took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      await Promise.race([next(), promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}
