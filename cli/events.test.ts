import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseEvent, readEvents, type ServerEvent } from './events.ts';

async function readAll(chunks: readonly Uint8Array[]): Promise<ServerEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of readEvents(new Response(body))) events.push(event);
  return events;
}

test('an event has an id, a name and its data lines joined', () => {
  expect(parseEvent('id: 7\nevent: stdout\ndata: a\ndata:  b')).toEqual({ id: '7', name: 'stdout', data: 'a\n b' });
});

test('a comment is no event', () => {
  expect(parseEvent(': heartbeat')).toBeUndefined();
});

test('events come out whole, however the bytes are cut', async () => {
  const stream = ': hi\n\nid: 1\nevent: stdout\ndata: {"text":"grüße 🙂"}\n\nevent: end\r\ndata: x\r\n\r\n';
  const bytes = new TextEncoder().encode(stream);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
      expect(await readAll(chunks)).toEqual([
        { id: '1', name: 'stdout', data: '{"text":"grüße 🙂"}' },
        { id: undefined, name: 'end', data: 'x' },
      ]);
    }),
  );
});
