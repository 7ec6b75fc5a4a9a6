import { fd_read, fd_write, proc_exit } from './wasi_snapshot_preview1';

const STDIN: u32 = 0;
const STDOUT: u32 = 1;
const STDERR: u32 = 2;
const CHUNK: i32 = 1 << 16;

/** One `{ pointer, length }` pair, then the number of bytes transferred. */
const scratch = memory.data(16);

export function readAll(limit: i32): Uint8Array {
  let buffer = new Uint8Array(CHUNK);
  let length = 0;
  while (true) {
    if (length == buffer.length) {
      if (length >= limit) fail('the input is larger than ' + limit.toString() + ' bytes');
      const larger = new Uint8Array(min(limit, buffer.length * 2));
      larger.set(buffer);
      buffer = larger;
    }
    store<u32>(scratch, <u32>(buffer.dataStart + length));
    store<u32>(scratch, <u32>(buffer.length - length), 4);
    const error = fd_read(STDIN, scratch, 1, scratch + 8);
    if (error != 0) fail('stdin cannot be read: errno ' + error.toString());
    const received = load<u32>(scratch, 8);
    if (received == 0) return buffer.subarray(0, length);
    length += <i32>received;
  }
}

function write(fd: u32, text: string): void {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  let offset = 0;
  while (offset < bytes.length) {
    store<u32>(scratch, <u32>(bytes.dataStart + offset));
    store<u32>(scratch, <u32>(bytes.length - offset), 4);
    if (fd_write(fd, scratch, 1, scratch + 8) != 0) proc_exit(70);
    offset += <i32>load<u32>(scratch, 8);
  }
}

/** One line on the result channel. */
export function say(json: string): void {
  write(STDOUT, json + '\n');
}

export function log(text: string): void {
  write(STDERR, text + '\n');
}

/** Ends the program with a sentence for its user. */
export function fail(why: string): void {
  log(why);
  proc_exit(1);
}

/** What the compiler calls where a check of its own fails: an index out of bounds is a damaged image, never a wild read. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const reason = message ? message : 'a check failed';
  const where = file ? file : 'image-hash';
  write(STDERR, reason + ' (' + where + ':' + line.toString() + ':' + column.toString() + ')\n');
  proc_exit(1);
}
