import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Throttle } from './throttle.ts';
import { TokenBucket } from './token-bucket.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function throttles(count: number) {
  const bucket = new TokenBucket({ capacity: 100, perSecond: 100, nowMs: performance.now() });
  const passed: string[] = [];
  let countedBytes = 0;
  const made = Array.from({ length: count }, (_, index) => {
    const throttle = new Throttle(bucket, (bytes) => (countedBytes += bytes));
    throttle.on('data', (chunk: Buffer) => passed.push(`${index}:${chunk.length}`));
    return throttle;
  });
  return { made, passed, counted: () => countedBytes };
}

test('bytes beyond the burst wait until there is room for them, and no longer', async () => {
  const { made, passed, counted } = throttles(1);
  const [throttle] = made;
  for (const size of [60, 40, 50, 10]) throttle?.write(Buffer.alloc(size));
  await vi.advanceTimersByTimeAsync(499);
  expect([passed, counted()]).toEqual([['0:60', '0:40'], 150]);
  await vi.advanceTimersByTimeAsync(1);
  expect(passed).toEqual(['0:60', '0:40', '0:50']);
  await vi.advanceTimersByTimeAsync(99);
  expect(passed).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(passed).toEqual(['0:60', '0:40', '0:50', '0:10']);
});

test('ways that share a bucket share its rate', async () => {
  const { made, passed } = throttles(2);
  for (const throttle of made) throttle.write(Buffer.alloc(100));
  await vi.advanceTimersByTimeAsync(999);
  expect(passed).toEqual(['0:100']);
  await vi.advanceTimersByTimeAsync(1);
  expect(passed).toEqual(['0:100', '1:100']);
});

test('one that is destroyed lets nothing through any more, and leaves no timer', async () => {
  const { made, passed } = throttles(1);
  made[0]?.write(Buffer.alloc(150));
  await vi.advanceTimersByTimeAsync(100);
  made[0]?.destroy();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(passed).toEqual([]);
});
