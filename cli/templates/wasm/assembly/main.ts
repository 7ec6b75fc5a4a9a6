import { fd_read, fd_write, proc_exit } from './wasi_snapshot_preview1';

/** One `{ pointer, length }` pair, then the number of bytes transferred. */
const scratch = memory.data(16);
const buffer = new Uint8Array(65536);

/** The input comes as JSON on stdin; each line on stdout is {"result": …}, {"event": …} or {"usage": …}; stderr is the log. */
export function _start(): void {
  let bytes: u32 = 0;
  let lines: u32 = 0;
  let isEscaped = false;
  while (true) {
    const count = read();
    if (count == 0) break;
    bytes += count;
    for (let i: u32 = 0; i < count; i++) {
      if (isEscaped && buffer[i] == 0x6e) lines++;
      isEscaped = !isEscaped && buffer[i] == 0x5c;
    }
  }
  write(1, '{"result":{"bytes":' + bytes.toString() + ',"lines":' + lines.toString() + '}}\n');
}

function read(): u32 {
  store<u32>(scratch, <u32>buffer.dataStart);
  store<u32>(scratch, <u32>buffer.length, 4);
  if (fd_read(0, scratch, 1, scratch + 8) != 0) proc_exit(1);
  return load<u32>(scratch, 8);
}

function write(fd: u32, text: string): void {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  store<u32>(scratch, <u32>bytes.dataStart);
  store<u32>(scratch, <u32>bytes.length, 4);
  fd_write(fd, scratch, 1, scratch + 8);
}

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  write(2, (message ? message : 'aborted') + '\n');
  proc_exit(1);
}
