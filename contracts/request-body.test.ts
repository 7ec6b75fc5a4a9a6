import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { readWithin } from './request-body.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const BOUNDS = { maxBytes: 1_000, withinMs: 10_000 };

/** Sends `bytes` every `everyMs`, for as long as it is asked. */
function trickle(bytes: number, everyMs: number): { body: ReadableStream<Uint8Array>; sent: () => number } {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await new Promise((resolve) => {
          setTimeout(resolve, everyMs);
        });
        sent += bytes;
        controller.enqueue(new Uint8Array(bytes));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, sent: () => sent };
}

test('a body that is whole in time is read whole', async () => {
  const { body } = new Response('hello');
  expect(body && new TextDecoder().decode(await readWithin(BOUNDS, body))).toBe('hello');
  expect(vi.getTimerCount()).toBe(0);
});

test('a body that never ends is held no further than the bound, and not waited for for ever', async () => {
  const { body, sent } = trickle(400, 1);
  const outcome = readWithin(BOUNDS, body).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await outcome).toMatchObject({ code: 'payload_too_large', extra: { maxBytes: 1_000 } });
  const after = sent();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent()).toBe(after);
});

test('a body that trickles in is refused when its time is up, and no more of it is read', async () => {
  const { body, sent } = trickle(1, 1_000);
  const outcome = readWithin(BOUNDS, body).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(BOUNDS.withinMs);
  expect(await outcome).toMatchObject({ code: 'request_timeout' });
  const after = sent();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent()).toBeLessThanOrEqual(after + 1);
});
