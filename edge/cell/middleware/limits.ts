import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { DomainError } from '#contracts/errors';

import type { AppEnv } from '../context.ts';

export const DEFAULT_BODY_BYTES = 2 ** 20;
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Refuses a larger body before it is parsed; a body of unknown length is read no further than the limit. */
export function limitBody(maxBytes: number): MiddlewareHandler<AppEnv> {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new DomainError('payload_too_large', `expected at most ${maxBytes} bytes`, { maxBytes });
    },
  });
}

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
