import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cutLines } from './lines.ts';

function streamOf(bytes: Uint8Array, chunkBytes: number): ReadableStream<Uint8Array> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

test('pages of any size, read from wherever the one before ended, are together all lines in order', async () => {
  const line = fc.stringMatching(/^[a-zß日 ]{0,12}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1 }),
      fc.record({ maxLines: fc.integer({ min: 1, max: 5 }), maxBytes: fc.integer({ min: 1, max: 40 }) }),
      fc.integer({ min: 1, max: 9 }),
      async (lines, limits, chunkBytes) => {
        const bytes = new TextEncoder().encode(lines.map((each) => `${each}\n`).join(''));
        const read: string[] = [];
        for (let offset = 0; offset < bytes.length;) {
          const from = Math.max(0, offset - 1);
          const page = await cutLines(streamOf(bytes.subarray(from), chunkBytes), {
            ...limits,
            skipNewline: offset > 0,
          });
          expect(page?.lines.length).toBeGreaterThan(0);
          expect(page?.lines.length).toBeLessThanOrEqual(limits.maxLines);
          read.push(...(page?.lines ?? []));
          offset += page?.bytes ?? 0;
        }
        expect(read).toEqual(lines);
      },
    ),
  );
});

test('a place in the middle of a line is none to read from', async () => {
  const stream = streamOf(new TextEncoder().encode('{"a":1}\n'), 3);
  expect(await cutLines(stream, { maxLines: 1, maxBytes: 10, skipNewline: true })).toBeUndefined();
});
