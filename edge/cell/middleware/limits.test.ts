import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { DomainError } from '#contracts/errors';
import { problemResponse } from '#contracts/problem';

import type { AppEnv } from '../context.ts';
import { limitBody, limitTime } from './limits.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const LIMIT_MS = 1_000;

/** One route within limits, whose handler takes `handlerMs` and answers with what it was sent. */
function appOf(handlerMs = 0) {
  const app = new Hono<AppEnv>();
  app.onError((error) => {
    if (!(error instanceof DomainError)) throw error;
    return problemResponse(error, 'req_1');
  });
  app.use(limitTime(LIMIT_MS), limitBody({ maxBytes: 100, withinMs: LIMIT_MS }));
  app.post('/', async (c) => {
    await wait(handlerMs);
    return c.text(await c.req.text());
  });
  return app;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** `parts`, each sent after a pause. */
function slowly(parts: readonly string[], pauseMs: number): RequestInit & { duplex: 'half' } {
  const left = [...parts];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await wait(pauseMs);
      const next = left.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(next));
    },
  });
  return { method: 'POST', body, duplex: 'half' };
}

async function answerTo(app: Hono<AppEnv>, init: RequestInit, withinMs: number): Promise<[number, string]> {
  const answered = Promise.resolve(app.request('/', init));
  await vi.advanceTimersByTimeAsync(withinMs);
  const answer = await answered;
  return [answer.status, await answer.text()];
}

describe('the time of a request', () => {
  test('is the client’s while it sends: one that is too slow hears that it was', async () => {
    const [status, text] = await answerTo(appOf(), slowly(['a', 'b', 'c'], 400), LIMIT_MS);
    expect([status, text]).toEqual([408, expect.stringContaining('request_timeout')]);
  });

  test('is the handler’s when all was sent, and whole again then', async () => {
    expect(await answerTo(appOf(900), slowly(['a'], 300), 1_700)).toEqual([200, 'a']);
  });

  test('that the handler takes too much of is our fault', async () => {
    const [status, text] = await answerTo(appOf(1_100), slowly(['a'], 300), 1_800);
    expect([status, text]).toEqual([503, expect.stringContaining('unavailable')]);
  });

  test('leaves no timer behind', async () => {
    await answerTo(appOf(), { method: 'POST', body: 'x' }, 10);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the size of a body', () => {
  test('is bounded where it is told', async () => {
    const init = { method: 'POST', body: 'x'.repeat(101), headers: { 'content-length': '101' } };
    expect((await answerTo(appOf(), init, 10))[0]).toBe(413);
  });

  test('and where it is not', async () => {
    expect((await answerTo(appOf(), slowly(['x'.repeat(60), 'y'.repeat(60)], 1), 10))[0]).toBe(413);
    expect((await answerTo(appOf(), slowly(['x'.repeat(60), 'y'.repeat(40)], 1), 10))[0]).toBe(200);
  });
});
