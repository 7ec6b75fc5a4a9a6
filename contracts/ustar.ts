import { DomainError } from './errors.ts';

/**
 * Headers of a ustar archive (POSIX.1-1988, pax(1) "ustar Interchange Format"), cut down to one spelling:
 * regular files only, mode 0644, owner 0, time 0, no extensions. `ustarHeader` is the whole definition;
 * `readUstarHeader` takes no block that it would not have written.
 */
export const BLOCK_BYTES = 512;

const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const MAX_SIZE = 8 ** 11 - 1;

const FIELDS = {
  name: [0, NAME_BYTES],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  uname: [265, 32],
  gname: [297, 32],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, PREFIX_BYTES],
} as const;
type Field = keyof typeof FIELDS;

/** What every entry carries, and how a wrong value is explained. */
const FIXED: readonly (readonly [field: Field, value: string, right: string])[] = [
  ['magic', 'ustar\u000000', 'a plain ustar archive, as tar --format=ustar writes it'],
  ['type', '0', 'regular files only'],
  ['linkname', '', 'no link target'],
  ['mode', '0000644\0', 'mode 0644'],
  ['uid', '0000000\0', 'owner 0'],
  ['gid', '0000000\0', 'group 0'],
  ['mtime', '00000000000\0', 'modification time 0'],
  ['uname', '', 'no user name'],
  ['gname', '', 'no group name'],
  ['devmajor', '0000000\0', 'device number 0'],
  ['devminor', '0000000\0', 'device number 0'],
];

const TYPE_NAMES: Readonly<Record<string, string>> = {
  '\0': 'a pre-POSIX entry',
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '5': 'a directory',
  '6': 'a named pipe',
  '7': 'a contiguous file',
  x: 'a pax extension',
  g: 'a pax global extension',
  L: 'a GNU long name',
  K: 'a GNU long link',
  S: 'a GNU sparse file',
};

export function invalidBundle(path: string, message: string): DomainError {
  return new DomainError('invalid_bundle', `${JSON.stringify(path)}: ${message}`, {
    path,
    violations: [{ path, message }],
  });
}

export function ustarHeader(path: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const { name, prefix } = splitPath(path);
  if (size > MAX_SIZE) throw invalidBundle(path, `${size} bytes do not fit a ustar header; at most ${MAX_SIZE} do`);
  block.set(name, FIELDS.name[0]);
  block.set(prefix, FIELDS.prefix[0]);
  writeAscii(block, 'size', `${octal(size, 11)}\0`);
  for (const [field, value] of FIXED) writeAscii(block, field, value);
  writeAscii(block, 'checksum', `${octal(checksumOf(block), 6)}\0 `);
  return block;
}

/** @throws DomainError `invalid_bundle` unless the block is exactly what `ustarHeader` writes for its path and size */
export function readUstarHeader(block: Uint8Array, entry: string): { readonly path: string; readonly size: number } {
  const path = readPath(block, entry);
  const checksum = ascii(block, 'checksum');
  const right = `${octal(checksumOf(block), 6)}\0 `;
  if (checksum !== right) {
    throw invalidBundle(path, `the header's checksum is ${shown(checksum)}, expected ${shown(right)}`);
  }
  for (const [field, value, expected] of FIXED) {
    const found = ascii(block, field);
    if (found === value.padEnd(FIELDS[field][1], '\0')) continue;
    const what = field === 'type' ? (TYPE_NAMES[found] ?? `entry type ${shown(found)}`) : `${field} ${shown(found)}`;
    throw invalidBundle(path, `found ${what}, expected ${expected}`);
  }
  const sizeText = ascii(block, 'size');
  if (!/^[0-7]{11}\0$/.test(sizeText)) {
    throw invalidBundle(path, `the size is ${shown(sizeText)}, expected eleven octal digits and a NUL`);
  }
  const size = Number.parseInt(sizeText, 8);
  if (!sameBytes(block, ustarHeader(path, size))) {
    throw invalidBundle(
      path,
      'the header has another spelling than the canonical one; pack the bundle with soma publish',
    );
  }
  return { path, size };
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The shortest prefix that leaves a name which fits, so that each path has one spelling. */
function splitPath(path: string): { name: Uint8Array; prefix: Uint8Array } {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length <= NAME_BYTES) return { name: bytes, prefix: new Uint8Array() };
  const slash = bytes.indexOf(SLASH, bytes.length - NAME_BYTES - 1);
  if (slash < 1 || slash > PREFIX_BYTES || slash === bytes.length - 1) {
    throw invalidBundle(
      path,
      `the path is too long for ustar; expected at most ${NAME_BYTES} bytes, or ${PREFIX_BYTES} before a slash and ${NAME_BYTES} after it`,
    );
  }
  return { name: bytes.subarray(slash + 1), prefix: bytes.subarray(0, slash) };
}
const SLASH = 0x2f;

function readPath(block: Uint8Array, entry: string): string {
  const name = untilNul(bytesOf(block, 'name'));
  const prefix = untilNul(bytesOf(block, 'prefix'));
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return prefix.length === 0 ? text.decode(name) : `${text.decode(prefix)}/${text.decode(name)}`;
  } catch {
    throw invalidBundle(entry, 'the name is not UTF-8; expected UTF-8');
  }
}

function bytesOf(block: Uint8Array, field: Field): Uint8Array {
  const [offset, length] = FIELDS[field];
  return block.subarray(offset, offset + length);
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

function ascii(block: Uint8Array, field: Field): string {
  return String.fromCharCode(...bytesOf(block, field));
}

function writeAscii(block: Uint8Array, field: Field, text: string): void {
  block.set(new TextEncoder().encode(text), FIELDS[field][0]);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** The sum of all bytes, the checksum's own counted as spaces. */
function checksumOf(block: Uint8Array): number {
  const [offset, length] = FIELDS.checksum;
  return block.reduce((sum, byte, index) => sum + (index >= offset && index < offset + length ? 0x20 : byte), 0);
}

function shown(text: string): string {
  return JSON.stringify(text.replace(/\0+$/, ''));
}
