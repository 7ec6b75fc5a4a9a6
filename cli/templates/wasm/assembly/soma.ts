import {
  fd_close,
  fd_prestat_dir_name,
  fd_prestat_get,
  fd_read,
  fd_write,
  path_create_directory,
  path_open,
  proc_exit,
} from './wasi_snapshot_preview1';

/** What a capsule may say and ask: the same as `soma.` in the other runtimes. Values are JSON text; `quote` makes it of a string. */

const STDIN: u32 = 0;
/** Of a wasm capsule, stdout is the result channel. */
const CHANNEL: u32 = 1;
const STDERR: u32 = 2;
const FIRST_PREOPENED: u32 = 3;
const CHUNK: i32 = 1 << 16;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const CREATE_OR_TRUNCATE: u32 = 1 | 8;

/** One `{ pointer, length }` pair, the number of bytes transferred, and what a call opened. */
const scratch = memory.data(24);

/** The whole input. Ends the program where it has more bytes than `limit`. */
export function readInput(limit: i32): Uint8Array {
  return readAll(STDIN, limit);
}

export function result(json: string): void {
  say('{"result":' + json + '}');
}

/** A structured event for whoever watches the run. */
export function event(name: string, json: string = 'null'): void {
  say('{"event":' + quote(name) + ',"data":' + json + '}');
}

/** How far the run is, from 0 to 1. */
export function progress(fraction: f64, message: string = ''): void {
  const said = message == '' ? '' : ',"message":' + quote(message);
  event('progress', '{"fraction":' + fraction.toString() + said + '}');
}

/** Adds whole units to one of the capsule's own meters, such as `tokens`. */
export function usage(meter: string, units: u64): void {
  say('{"usage":{' + quote(meter) + ':' + units.toString() + '}}');
}

/** A row of a data set that the capsule may write to. */
export function row(dataset: string, json: string): void {
  say('{"dataset":' + quote(dataset) + ',"row":' + json + '}');
}

export function setState(key: string, json: string): void {
  say('{"state":' + quote(key) + ',"value":' + json + '}');
}

export function deleteState(key: string): void {
  say('{"state":' + quote(key) + '}');
}

/** The value of a secret that this run was granted, or null. */
export function secret(name: string): string | null {
  const file = open('/run/secrets', name, 0, READ);
  if (file < 0) return null;
  const bytes = readAll(file, CHUNK);
  fd_close(file);
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}

/** Leaves a file behind: `name` is a path below /out. */
export function artifact(name: string, content: Uint8Array): void {
  const out = preopened('/out');
  for (let end = name.indexOf('/'); end >= 0; end = name.indexOf('/', end + 1)) {
    const folder = Uint8Array.wrap(String.UTF8.encode(name.substring(0, end)));
    // It may be there already; where it cannot be made, the file cannot either.
    path_create_directory(out, folder.dataStart, folder.length);
  }
  const file = open('/out', name, CREATE_OR_TRUNCATE, WRITE);
  if (file < 0) fail('the artifact ' + name + ' cannot be written; the manifest asks for permissions.artifacts');
  write(file, content);
  fd_close(file);
}

/** Free text for the log. */
export function log(text: string): void {
  write(STDERR, Uint8Array.wrap(String.UTF8.encode(text + '\n')));
}

/** Ends the program with a sentence for its user. */
export function fail(why: string): void {
  log(why);
  proc_exit(1);
}

/** A string as JSON. */
export function quote(text: string): string {
  let quoted = '"';
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit == 0x22 || unit == 0x5c) quoted += '\\' + text.charAt(i);
    else if (unit < 0x20) quoted += '\\u00' + (unit < 0x10 ? '0' : '') + unit.toString(16);
    else quoted += text.charAt(i);
  }
  return quoted + '"';
}

/** What the compiler calls where a check of its own fails, such as an index out of bounds. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const reason = message ? message : 'a check failed';
  const where = file ? file : 'the capsule';
  fail(reason + ' (' + where + ':' + line.toString() + ':' + column.toString() + ')');
}

function say(json: string): void {
  write(CHANNEL, Uint8Array.wrap(String.UTF8.encode(json + '\n')));
}

function readAll(file: u32, limit: i32): Uint8Array {
  let buffer = new Uint8Array(min(limit, CHUNK));
  let length = 0;
  while (true) {
    if (length == buffer.length) {
      if (length >= limit) fail('there is more to read than ' + limit.toString() + ' bytes');
      const larger = new Uint8Array(min(limit, buffer.length * 2));
      larger.set(buffer);
      buffer = larger;
    }
    store<u32>(scratch, <u32>(buffer.dataStart + length));
    store<u32>(scratch, <u32>(buffer.length - length), 4);
    const error = fd_read(file, scratch, 1, scratch + 8);
    if (error != 0) fail('this cannot be read: errno ' + error.toString());
    const received = load<u32>(scratch, 8);
    if (received == 0) return buffer.subarray(0, length);
    length += <i32>received;
  }
}

function write(file: u32, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    store<u32>(scratch, <u32>(bytes.dataStart + offset));
    store<u32>(scratch, <u32>(bytes.length - offset), 4);
    if (fd_write(file, scratch, 1, scratch + 8) != 0) proc_exit(70);
    offset += <i32>load<u32>(scratch, 8);
  }
}

/** A descriptor, or -1. */
function open(folder: string, name: string, how: u32, rights: u64): i32 {
  const path = Uint8Array.wrap(String.UTF8.encode(name));
  const error = path_open(preopened(folder), 0, path.dataStart, path.length, how, rights, 0, 0, scratch + 12);
  return error == 0 ? <i32>load<u32>(scratch, 12) : -1;
}

/** The descriptor of a folder that the runtime has opened for the capsule. */
function preopened(folder: string): u32 {
  for (let fd = FIRST_PREOPENED; fd_prestat_get(fd, scratch + 16) == 0; fd += 1) {
    const name = new Uint8Array(<i32>load<u32>(scratch, 20));
    fd_prestat_dir_name(fd, name.dataStart, name.length);
    if (String.UTF8.decodeUnsafe(name.dataStart, name.length) == folder) return fd;
  }
  fail(folder + ' is not open to this capsule');
  return 0;
}
