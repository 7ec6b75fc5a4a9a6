import type { DomainError } from './errors.ts';
import { BLOCK_BYTES, invalidBundle, readUstarHeader, ustarHeader } from './ustar.ts';

/**
 * A bundle: the files of a capsule as an uncompressed ustar archive with exactly one byte string per content.
 * `unpackBundle(packBundle(files))` is `files`, and `packBundle(unpackBundle(bytes))` is `bytes`; whatever is not
 * in that form is refused, so a bundle's digest names its content and never how it was packed.
 *
 * Paths are sorted by their UTF-8 bytes; files are regular, mode 0644, time and owner 0; the archive ends after two zero blocks.
 */
export const BUNDLE_MEDIA_TYPE = 'application/vnd.soma.capsule.v1+tar';
export const MANIFEST_PATH = 'capsule.json';

export interface BundleLimits {
  /** Of the whole archive, headers and padding included. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}
export const BUNDLE_LIMITS: BundleLimits = { maxBytes: 32 * 2 ** 20, maxFiles: 2_000 };
/** Of a whole upload: the bundle, its signature and the lines between them. */
export const UPLOAD_MAX_BYTES = BUNDLE_LIMITS.maxBytes + 64 * 2 ** 10;

const END_BYTES = 2 * BLOCK_BYTES;

/** @throws DomainError `invalid_bundle` where the files could not be unpacked again */
export function packBundle(files: ReadonlyMap<string, Uint8Array>, limits: BundleLimits = BUNDLE_LIMITS): Uint8Array {
  assertManifest(files);
  return packFiles(files, limits);
}

/**
 * The contents are views into `bytes`, not copies.
 * @throws DomainError `invalid_bundle` that names the entry, what is wrong with it and what would be right
 */
export function unpackBundle(bytes: Uint8Array, limits: BundleLimits = BUNDLE_LIMITS): Map<string, Uint8Array> {
  const files = unpackFiles(bytes, limits);
  assertManifest(files);
  return files;
}

/** The same form without a manifest, for whatever else is an archive of files: see layer.ts. */
export function packFiles(files: ReadonlyMap<string, Uint8Array>, limits: BundleLimits = BUNDLE_LIMITS): Uint8Array {
  const entries = [...files].toSorted(([a], [b]) => byUtf8(a, b));
  assertPaths(
    entries.map(([path]) => path),
    limits,
  );
  const total = entries.reduce((sum, [, { length }]) => sum + BLOCK_BYTES + padded(length), END_BYTES);
  if (total > limits.maxBytes) throw tooLarge(total, limits);

  const archive = new Uint8Array(total);
  let offset = 0;
  for (const [path, content] of entries) {
    archive.set(ustarHeader(path, content.length), offset);
    archive.set(content, offset + BLOCK_BYTES);
    offset += BLOCK_BYTES + padded(content.length);
  }
  return archive;
}

/** As `unpackBundle`, of what `packFiles` packs. */
export function unpackFiles(bytes: Uint8Array, limits: BundleLimits = BUNDLE_LIMITS): Map<string, Uint8Array> {
  if (bytes.length > limits.maxBytes) throw tooLarge(bytes.length, limits);
  const files = new Map<string, Uint8Array>();
  let offset = 0;
  for (;;) {
    const block = bytes.subarray(offset, offset + BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) {
      throw invalidBundle('', 'the archive is cut off; expected it to end with two blocks of 512 zero bytes');
    }
    if (isZero(block)) break;
    const { path, size } = readUstarHeader(block, `entry ${files.size + 1}`);
    if (files.has(path)) throw invalidBundle(path, 'the archive holds this path twice; expected it once');
    if (files.size === limits.maxFiles) throw tooMany(limits.maxFiles + 1, limits);
    const start = offset + BLOCK_BYTES;
    const end = start + padded(size);
    if (end > bytes.length) throw invalidBundle(path, `the archive ends before the ${size} bytes of this file do`);
    if (!isZero(bytes.subarray(start + size, end))) {
      throw invalidBundle(path, 'the padding after this file is not zero; expected zero bytes up to the next block');
    }
    files.set(path, bytes.subarray(start, start + size));
    offset = end;
  }
  assertPaths([...files.keys()], limits);
  const end = bytes.subarray(offset);
  if (end.length !== END_BYTES || !isZero(end)) {
    throw invalidBundle(
      '',
      'the archive does not end right; expected two blocks of 512 zero bytes and nothing after them',
    );
  }
  return files;
}

/** Holds for the whole list: safe, sorted, and distinct on any file system. */
function assertPaths(paths: readonly string[], limits: BundleLimits): void {
  if (paths.length > limits.maxFiles) throw tooMany(paths.length, limits);
  const spelling = new Map<string, { readonly path: string; readonly isFile: boolean }>();
  let previous: string | undefined;
  for (const path of paths) {
    assertPath(path);
    if (previous !== undefined && byUtf8(previous, path) >= 0) {
      throw invalidBundle(
        path,
        `this path comes after ${JSON.stringify(previous)}; expected paths sorted by their bytes`,
      );
    }
    previous = path;
    for (const { path: part, isFile } of withFolders(path)) {
      // As file systems that ignore case and composition see it.
      const folded = part.normalize('NFC').toLowerCase();
      const known = spelling.get(folded);
      if (known && (known.path !== part || known.isFile || isFile)) {
        throw invalidBundle(
          path,
          `this path collides with ${JSON.stringify(known.path)}; expected names that differ in more than case`,
        );
      }
      spelling.set(folded, { path: part, isFile });
    }
  }
}

function assertManifest(files: ReadonlyMap<string, Uint8Array>): void {
  if (!files.has(MANIFEST_PATH)) {
    throw invalidBundle(MANIFEST_PATH, 'the bundle has no manifest; expected capsule.json at its root');
  }
}

function assertPath(path: string): void {
  const wrong = faultOf(path);
  if (wrong) throw invalidBundle(path, `${wrong}; expected a relative path such as src/main.js`);
}

function faultOf(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  if (!path.isWellFormed()) return 'the path is not valid Unicode';
  if (path.startsWith('/')) return 'the path is absolute';
  if (path.includes('\\')) return 'the path holds a backslash';
  if (UNPRINTABLE.test(path)) return 'the path holds a control character';
  const parts = path.split('/');
  if (parts.includes('..') || parts.includes('.')) return 'the path climbs through . or ..';
  if (parts.includes('')) return 'the path has an empty part';
  return undefined;
}
/** Control characters, and those that turn the direction of text around and so disguise a name. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** `a/b/c` as the folders `a`, `a/b` and the file `a/b/c`. */
function* withFolders(path: string): Generator<{ path: string; isFile: boolean }> {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    yield { path: path.slice(0, slash), isFile: false };
  }
  yield { path, isFile: true };
}

/** The order of UTF-8 bytes, which is that of code points and not that of JavaScript's `<`. */
function byUtf8(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  const at = left.findIndex((char, index) => char !== right[index]);
  if (at === -1) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function tooLarge(bytes: number, limits: BundleLimits): DomainError {
  return invalidBundle('', `the archive has ${bytes} bytes; expected at most ${limits.maxBytes}`);
}

function tooMany(files: number, limits: BundleLimits): DomainError {
  return invalidBundle('', `the archive has ${files} files or more; expected at most ${limits.maxFiles}`);
}
