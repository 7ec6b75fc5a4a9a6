import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type OutputText, TextStream } from './text-stream.ts';

function bytesOf({ text, encoding }: OutputText): Buffer {
  return Buffer.from(text, encoding);
}

function pieces(chunks: readonly Uint8Array[]): OutputText[] {
  const stream = new TextStream();
  const texts = chunks.map((chunk) => stream.push(Buffer.from(chunk)));
  return [...texts, stream.flush()].filter((text) => text !== undefined);
}

test('no byte is lost or changed, whatever the bytes and wherever they are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      expect(Buffer.concat(pieces(chunks).map(bytesOf))).toEqual(Buffer.concat(chunks));
    }),
  );
});

test('text stays text wherever it is cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), fc.nat(), (text, first, second) => {
      const bytes = Buffer.from(text);
      const [from = 0, to = 0] = [first % (bytes.length + 1), second % (bytes.length + 1)].toSorted((a, b) => a - b);
      const told = pieces([bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]);
      expect(told.every(({ encoding }) => encoding === 'utf8')).toBe(true);
      expect(told.map((piece) => piece.text).join('')).toBe(text);
    }),
  );
});

test('bytes that are not UTF-8 come as base64', () => {
  expect(pieces([Buffer.from([0xff, 0xfe, 0x41])])).toEqual([{ text: '//5B', encoding: 'base64' }]);
});
