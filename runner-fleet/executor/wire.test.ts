import fc from 'fast-check';
import { expect, test } from 'vitest';

import { FrameDecoder } from './wire.ts';

function encode(type: number, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(type);
  header.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

test('each stream’s bytes come out in order, wherever the chunks end', () => {
  const frame = fc.record({ type: fc.integer({ min: 1, max: 3 }), bytes: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(fc.array(frame), fc.integer({ min: 1, max: 50 }), (frames, chunkBytes) => {
      const wire = Buffer.concat(frames.map(({ type, bytes }) => encode(type, bytes)));
      const decoder = new FrameDecoder();
      const decoded = [];
      for (let at = 0; at < wire.length; at += chunkBytes) {
        decoded.push(...decoder.decode(wire.subarray(at, at + chunkBytes)));
      }
      for (const type of [1, 2, 3]) {
        const sent = frames.filter((each) => each.type === type).map(({ bytes }) => bytes);
        const received = decoded.filter((each) => each.type === type).map(({ bytes }) => bytes);
        expect(Buffer.concat(received)).toEqual(Buffer.concat(sent));
      }
    }),
  );
});

test('a frame that process 1 would not send is refused', () => {
  expect(() => new FrameDecoder().decode(encode(9, Buffer.alloc(0)))).toThrow('unknown type');
  const huge = Buffer.from([1, 0xff, 0xff, 0xff, 0x7f]);
  expect(() => new FrameDecoder().decode(huge)).toThrow('at most');
});
