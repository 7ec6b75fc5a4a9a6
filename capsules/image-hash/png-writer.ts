import { crc32, deflateSync } from 'node:zlib';

/** Writes PNG files of every kind, for tests: samples are given pixel by pixel, one number a channel. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  readonly isInterlaced: boolean;
  /** Of each row, in turn; 0 to 4. */
  readonly filters: readonly number[];
  /** deflate level; 0 writes stored blocks. */
  readonly level: number;
  readonly sample: (x: number, y: number, channel: number) => number;
  readonly palette?: Uint8Array;
  readonly transparency?: Uint8Array;
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function writePng(drawing: Drawing): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(drawing.width, 0);
  header.writeUInt32BE(drawing.height, 4);
  header.set([drawing.bitDepth, drawing.colourType, 0, 0, drawing.isInterlaced ? 1 : 0], 8);
  const passes = drawing.isInterlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  const data = deflateSync(Buffer.concat(passes.map((pass) => encodePass(drawing, pass))), { level: drawing.level });
  const half = data.length >> 1;
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from('Comment\0a reader skips this')),
    ...(drawing.palette ? [chunk('PLTE', drawing.palette)] : []),
    ...(drawing.transparency ? [chunk('tRNS', drawing.transparency)] : []),
    // Two chunks: a reader must join them.
    chunk('IDAT', data.subarray(0, half)),
    chunk('IDAT', data.subarray(half)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

export function chunk(kind: string, body: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(kind, 4, 'latin1');
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

function encodePass(drawing: Drawing, [x0, y0, dx, dy]: readonly [number, number, number, number]): Buffer {
  const columns = Math.max(0, Math.ceil((drawing.width - x0) / dx));
  const rows = Math.max(0, Math.ceil((drawing.height - y0) / dy));
  if (columns === 0) return Buffer.alloc(0);
  const bits = CHANNELS[drawing.colourType] * drawing.bitDepth;
  const step = Math.max(1, bits >> 3);
  let above: Buffer = Buffer.alloc(Math.ceil((columns * bits) / 8));
  const lines: Buffer[] = [];
  for (let row = 0; row < rows; row++) {
    const line = packRow(drawing, columns, (column) => [x0 + column * dx, y0 + row * dy]);
    const filter = drawing.filters[row % drawing.filters.length] ?? 0;
    lines.push(Buffer.from([filter]), Buffer.from(line.map((byte, i) => byte - guess(filter, line, above, i, step))));
    above = line;
  }
  return Buffer.concat(lines);
}

function packRow(drawing: Drawing, columns: number, place: (column: number) => [number, number]): Buffer {
  const channels = CHANNELS[drawing.colourType];
  const line = Buffer.alloc(Math.ceil((columns * channels * drawing.bitDepth) / 8));
  for (let column = 0; column < columns; column++) {
    for (let channel = 0; channel < channels; channel++) {
      const value = drawing.sample(...place(column), channel) & (2 ** drawing.bitDepth - 1);
      const index = column * channels + channel;
      if (drawing.bitDepth === 16) line.writeUInt16BE(value, index * 2);
      else {
        const bit = index * drawing.bitDepth;
        line[bit >> 3] = (line[bit >> 3] ?? 0) | (value << (8 - drawing.bitDepth - (bit & 7)));
      }
    }
  }
  return line;
}

function guess(filter: number, line: Buffer, above: Buffer, i: number, step: number): number {
  const left = line[i - step] ?? 0;
  const up = above[i] ?? 0;
  const corner = above[i - step] ?? 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter === 0) return 0;
  const estimate = left + up - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
