import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { RunnerClient } from './runner-client.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A runner that refuses with `status` and sends `text` every second, without an end. */
function endlessly(status: number, text: string): Pick<Fetcher, 'fetch'> {
  return {
    fetch: async (_url: RequestInfo | URL, init?: RequestInit) => {
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            init?.signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
          },
          async pull(controller) {
            await new Promise((resolve) => {
              setTimeout(resolve, 1_000);
            });
            if (init?.signal?.aborted !== true) controller.enqueue(new TextEncoder().encode(text));
          },
        },
        { highWaterMark: 0 },
      );
      return Promise.resolve(new Response(body, { status }));
    },
  };
}

test.each([
  ['for no longer than for its headers', '.', 'aborted'],
  ['and kept no further than it may be long', 'x'.repeat(40_000), 'more than 65536 bytes came'],
])('a refusal that never ends is waited for %s', async (_, text, message) => {
  const client = new RunnerClient(endlessly(409, text), 'https://runner.test');
  const outcome = client.attach('run_1', 0).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await outcome).toMatchObject({ message });
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
});

test('a refusal that ends says what it says', async () => {
  const fetcher = { fetch: () => Promise.resolve(new Response('no such run', { status: 404 })) };
  expect(await new RunnerClient(fetcher, 'https://runner.test').attach('run_1', 0)).toEqual({ kind: 'unknown-run' });
});
