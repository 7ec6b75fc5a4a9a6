import { expect, test } from 'vitest';

import { readBounded, TooLong } from './read-bounded.ts';

const readerOf = (...sizes: number[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const [index, size] of sizes.entries()) controller.enqueue(new Uint8Array(size).fill(index + 1));
      controller.close();
    },
  }).getReader();

test('a body is read in its order, up to the limit', async () => {
  expect([...(await readBounded(readerOf(2, 1), 3))]).toEqual([1, 1, 2]);
  expect(await readBounded(readerOf(), 0)).toHaveLength(0);
});

test('a body that goes on beyond the limit is left there', async () => {
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(1_000)) });
  await expect(readBounded(endless.getReader(), 2_500)).rejects.toThrow(TooLong);
});
