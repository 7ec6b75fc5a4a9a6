import { readSync } from 'node:fs';

const CHUNK_BYTES = 2 ** 20;
/** No frame is nearly as long: what is longer is no file of ours. */
const MAX_LINE_BYTES = 8 * 2 ** 20;
const NEWLINE = 0x0a;

/** The lines of a file without their newlines; what follows the last newline is none. Holds one chunk of the file at a time. */
export function* wholeLines(fd: number): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; ;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = readSync(fd, chunk, 0, CHUNK_BYTES, position);
    if (count === 0) return;
    position += count;
    const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_LINE_BYTES) throw new Error(`a line of more than ${MAX_LINE_BYTES} bytes`);
  }
}
