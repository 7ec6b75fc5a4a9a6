import fc from 'fast-check';
import { expect, test, vi } from 'vitest';

import { readEvents, SILENCE_MS } from './event-stream.ts';

/** Bytes in pieces of these sizes, one after the other and then again. */
function answerOf(text: string, sizes: readonly number[] = [text.length || 1]): Response {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  let turn = 0;
  return new Response(
    new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        const size = sizes[turn++ % sizes.length] ?? 1;
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
      },
    }),
  );
}

const STREAM =
  ': hello\n\nevent: run\ndata: {"a":1}\n\nid: 1\nevent: stdout\ndata: ž🙂1\ndata:  2\n\n:hb\r\n\r\nid: 2\rdata:x\r\rdata: y\n\n';

const EVENTS = [
  { id: '', name: 'run', data: '{"a":1}' },
  { id: '1', name: 'stdout', data: 'ž🙂1\n 2' },
  { id: '2', name: 'message', data: 'x' },
  { id: '2', name: 'message', data: 'y' },
];

test('events come with their name and data, and keep the id until the next; heartbeats are none', async () => {
  expect(await Array.fromAsync(readEvents(answerOf(STREAM)))).toEqual(EVENTS);
});

test('events come out whole, wherever the network cuts the stream', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (sizes) => {
      expect(await Array.fromAsync(readEvents(answerOf(STREAM, sizes)))).toEqual(EVENTS);
    }),
  );
});

test('an event that was cut off is not dispatched', async () => {
  expect(await Array.fromAsync(readEvents(answerOf('data: a\n\ndata: b\n')))).toEqual([
    { id: '', name: 'message', data: 'a' },
  ]);
});

test('heartbeats keep a connection alive, and silence ends it', async () => {
  vi.useFakeTimers();
  try {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const events = Array.fromAsync(readEvents(new Response(readable))).catch((error: unknown) => error);
    for (let beats = 0; beats < 5; beats += 1) {
      await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
      await writer.write(new TextEncoder().encode(': heartbeat\n\n'));
    }
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    expect(await events).toMatchObject({ name: 'BrokenStream', message: 'no sign of life for 45 s' });
  } finally {
    vi.useRealTimers();
  }
});

test('an answer without a stream is broken', async () => {
  await expect(Array.fromAsync(readEvents(new Response(null)))).rejects.toThrow('no stream of events');
});
