import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Frame } from '#contracts/frames';

import { FrameReader, MAX_LINE_CHARACTERS, newFrames, ProtocolError } from './ndjson.ts';

const ENCODER = new TextEncoder();

function frame(seq: number, text = 'x'): Frame {
  return { kind: 'stdout', seq, atMs: 0, text, encoding: 'utf8' };
}

function wire(frames: readonly Frame[]): Uint8Array {
  return ENCODER.encode(frames.map((each) => `${JSON.stringify(each)}\n`).join(''));
}

test('frames are the same however the bytes are cut, also inside a character', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 10 });
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(texts, cuts, (said, sizes) => {
      const frames = said.map((text, index) => frame(index + 1, text));
      const bytes = wire(frames);
      const reader = new FrameReader();
      const read: Frame[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        read.push(...reader.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(read).toEqual(frames);
    }),
  );
});

test('what is not UTF-8 is no frame', () => {
  expect(() => new FrameReader().push(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(ProtocolError);
});

test.each([
  ['no JSON', 'hello\n'],
  ['no frame', '{"kind":"stdout","seq":0,"atMs":0,"text":""}\n'],
  ['endless', 'x'.repeat(MAX_LINE_CHARACTERS + 1)],
])('a line that is %s ends the trust in the stream', (_what, text) => {
  expect(() => new FrameReader().push(ENCODER.encode(text))).toThrow(ProtocolError);
});

test('what was seen already is dropped, and what is new is kept', () => {
  expect(newFrames([frame(1), frame(2), frame(3)], 2).map(({ seq }) => seq)).toEqual([3]);
});

test('a gap is not bridged', () => {
  expect(() => newFrames([frame(4)], 2)).toThrow(ProtocolError);
  expect(() => newFrames([frame(3), frame(5)], 2)).toThrow(ProtocolError);
});
