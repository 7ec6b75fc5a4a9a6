import fc from 'fast-check';
import { expect, test } from 'vitest';

import { readEvents } from './sse.ts';

function bodyOf(text: string, sizes: readonly number[] = [text.length || 1]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  let turn = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const size = sizes[turn++ % sizes.length] ?? 1;
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

const STREAM =
  ': hello\n\nevent: run\ndata: {"a":1}\n\nid: 1\nevent: stdout\ndata: ž1\ndata: 2\n\n:hb\r\n\r\nid: 2\rdata:x\r\r';

const EVENTS = [
  { id: '', event: 'run', data: '{"a":1}' },
  { id: '1', event: 'stdout', data: 'ž1\n2' },
  { id: '2', event: 'message', data: 'x' },
];

test('reads events, drops heartbeats, and keeps the id until the next', async () => {
  expect(await Array.fromAsync(readEvents(bodyOf(`${STREAM}\n`)))).toEqual(EVENTS);
});

test('where the network cuts the stream makes no difference', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (sizes) => {
      expect(await Array.fromAsync(readEvents(bodyOf(`${STREAM}\n`, sizes)))).toEqual(EVENTS);
    }),
  );
});

test('an event that was cut off is not dispatched', async () => {
  expect(await Array.fromAsync(readEvents(bodyOf('data: a\n\ndata: b\n')))).toEqual([
    { id: '', event: 'message', data: 'a' },
  ]);
});
