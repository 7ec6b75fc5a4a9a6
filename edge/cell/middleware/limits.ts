import type { MiddlewareHandler } from 'hono';

import { DomainError } from '#contracts/errors';
import { discardBody } from '#contracts/leftover-body';
import { type BodyBounds, readWithin, tooLarge } from '#contracts/request-body';

import type { AppEnv } from '../context.ts';
import { Deadline } from './deadline.ts';

export const DEFAULT_BODY_BYTES = 2 ** 20;
export const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Has the whole body at hand before anything is made of it: no more of it than `maxBytes`, and not later than `withinMs`. A form whose
 * length is known is too large to be held twice: its route reads it (`read-upload.ts`).
 */
export function limitBody({ maxBytes, withinMs }: BodyBounds): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { raw } = c.req;
    const length = raw.headers.has('transfer-encoding') ? null : raw.headers.get('content-length');
    if (raw.body && Number(length) > maxBytes) throw tooLarge(maxBytes);
    if (raw.body && (length === null || maxBytes <= DEFAULT_BODY_BYTES)) {
      const received = readWithin({ maxBytes, withinMs }, raw.body);
      const body = await (c.var.deadline?.resumedAfter(received) ?? received);
      c.req.raw = new Request(raw, { method: raw.method, body });
    }
    await next();
  };
}

/** For the cell's own host name. What came to the router's was counted there; what the platform itself sends has no address. */
export const limitAddress: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { ip } = c.var.platform;
  const isCounted = new URL(c.req.url).host === new URL(c.env.PUBLIC_URL).host;
  const { success } = ip === undefined || isCounted ? { success: true } : await c.env.RATE_LIMIT_IP.limit({ key: ip });
  if (!success) throw new DomainError('rate_limited', 'too many requests from this address', { retryAfterS: 60 });
  await next();
};

/** Outermost: whatever was answered, the client gets to the end of what it sends, and so to the answer. */
export const readToEnd: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { raw } = c.req;
  await next();
  await discardBody(raw);
};

/** Bounds the time to the first byte of an answer; a stream that has begun goes on. */
export function limitTime(timeoutMs: number): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const deadline = new Deadline(timeoutMs);
    c.set('deadline', deadline);
    await deadline.bound(next);
  };
}
