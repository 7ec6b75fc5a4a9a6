import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { BUNDLE_LIMITS, packBundle, unpackBundle } from './bundle.ts';
import { DomainError } from './errors.ts';
import { ustarHeader } from './ustar.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const MANIFEST: [string, Uint8Array] = ['capsule.json', utf8('{}')];
const filesOf = (...extra: [string, string][]) =>
  new Map([MANIFEST, ...extra.map(([path, text]): [string, Uint8Array] => [path, utf8(text)])]);

/** An archive of headers and contents just as given, right or wrong. */
function archive(...entries: { header: Uint8Array; content?: Uint8Array }[]): Uint8Array {
  const parts = entries.flatMap(({ header, content = new Uint8Array() }) => [
    header,
    content,
    new Uint8Array((512 - (content.length % 512)) % 512),
  ]);
  return Uint8Array.from(Buffer.concat([...parts, new Uint8Array(1024)]));
}

/** A header with some bytes overwritten and the checksum made right again. */
function headerWith(path: string, size: number, ...changes: [offset: number, text: string][]): Uint8Array {
  const block = ustarHeader(path, size);
  for (const [offset, text] of changes) block.set(utf8(text), offset);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return block;
}

/** The header of a path that the packer itself would refuse. */
const named = (path: string) => headerWith('x', 0, [0, path]);
const manifest = { header: ustarHeader('capsule.json', 2), content: utf8('{}') };

function refusalOf(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\\]|[\p{C}\u2028\u2029]|^\.{1,2}$/u.test(text));
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const bundleFiles = fc
  .uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 1_500 })), {
    maxLength: 8,
    // Distinct first parts, so that no file is another's folder.
    selector: ([name]) => (name.split('/')[0] ?? '').normalize('NFC').toLowerCase(),
  })
  .map((entries) => new Map([...entries.filter(([name]) => !/^capsule\.json/i.test(name)), MANIFEST]));

function isRefusedOrCanonical(bytes: Uint8Array): boolean {
  try {
    return Buffer.compare(packBundle(unpackBundle(bytes)), bytes) === 0;
  } catch (error) {
    return error instanceof DomainError && error.code === 'invalid_bundle';
  }
}

describe('one byte string per content', () => {
  test('what was packed is unpacked', () => {
    fc.assert(
      fc.property(bundleFiles, (files) => {
        const unpacked = unpackBundle(packBundle(files));
        expect(new Map([...unpacked].map(([name, bytes]) => [name, new Uint8Array(bytes)]))).toEqual(files);
      }),
    );
  });

  test('the order of the files does not matter', () => {
    fc.assert(
      fc.property(bundleFiles, (files) => {
        expect(packBundle(new Map([...files].toReversed()))).toEqual(packBundle(files));
      }),
    );
  });

  test('a changed byte gives another content or a refusal, never the same content', () => {
    fc.assert(
      fc.property(bundleFiles, fc.nat(), fc.integer({ min: 1, max: 255 }), (files, at, mask) => {
        const bytes = packBundle(files);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ mask;
        expect(isRefusedOrCanonical(bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('bytes cut off, doubled or made up are refused, or are a bundle', () => {
    fc.assert(
      fc.property(bundleFiles, fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 2_048 }), (files, from, to, noise) => {
        const bytes = packBundle(files);
        const [start, end] = [from % bytes.length, to % bytes.length].toSorted((a, b) => a - b);
        expect(isRefusedOrCanonical(bytes.subarray(start, end))).toBe(true);
        expect(isRefusedOrCanonical(Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]))).toBe(true);
        expect(isRefusedOrCanonical(noise)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is no bundle', () => {
  const cases: [what: string, bytes: Uint8Array, message: string][] = [
    ['a path that climbs', archive(manifest, { header: named('../etc/passwd') }), 'climbs'],
    ['a path that climbs in the middle', archive(manifest, { header: named('a/../../b') }), 'climbs'],
    ['an absolute path', archive({ header: named('/etc/passwd') }, manifest), 'absolute'],
    ['a backslash', archive({ header: named('a\\b') }, manifest), 'backslash'],
    ['a control character', archive({ header: named('a\nb') }, manifest), 'control'],
    ['a text direction override', archive(manifest, { header: named('x\u202Etxt.exe') }), 'control'],
    ['an empty part', archive({ header: named('a//b') }, manifest), 'empty part'],
    ['a trailing slash', archive({ header: named('a/') }, manifest), 'empty part'],
    ['an empty name', archive({ header: headerWith('x', 0, [0, '\0']) }, manifest), 'empty'],
    [
      'a symbolic link',
      archive(manifest, { header: headerWith('x', 0, [156, '2'], [157, '/etc']) }),
      'a symbolic link',
    ],
    ['a hard link', archive(manifest, { header: headerWith('x', 0, [156, '1'], [157, 'y']) }), 'a hard link'],
    ['a device', archive(manifest, { header: headerWith('x', 0, [156, '3']) }), 'a character device'],
    ['a named pipe', archive(manifest, { header: headerWith('x', 0, [156, '6']) }), 'a named pipe'],
    ['a directory', archive(manifest, { header: headerWith('x', 0, [156, '5']) }), 'a directory'],
    ['a pax header', archive(manifest, { header: headerWith('x', 0, [156, 'x']) }), 'a pax extension'],
    ['a GNU long name', archive(manifest, { header: headerWith('x', 0, [156, 'L']) }), 'a GNU long name'],
    ['a GNU archive', archive(manifest, { header: headerWith('x', 0, [257, 'ustar  \0']) }), 'ustar'],
    ['a link target on a file', archive(manifest, { header: headerWith('x', 0, [157, 'y']) }), 'link target'],
    [
      'a modification time',
      archive(manifest, { header: headerWith('x', 0, [136, '00000000001']) }),
      'modification time 0',
    ],
    ['an owner', archive(manifest, { header: headerWith('x', 0, [108, '0000001']) }), 'owner 0'],
    ['a user name', archive(manifest, { header: headerWith('x', 0, [265, 'root']) }), 'no user name'],
    ['a setuid mode', archive(manifest, { header: headerWith('x', 0, [100, '0004755']) }), 'mode 0644'],
    ['a binary size', archive(manifest, { header: headerWith('x', 0, [124, '\u007f']) }), 'octal'],
    ['bytes after the name', archive(manifest, { header: headerWith('x', 0, [50, 'y']) }), 'spelling'],
    [
      'a prefix that a short name does not need',
      archive(manifest, { header: headerWith('x', 0, [345, 'y']) }),
      'spelling',
    ],
    ['a wrong checksum', archive({ header: ustarHeader('x', 0).fill(0x39, 148, 149) }, manifest), 'checksum'],
    ['a name that is not UTF-8', archive({ header: Uint8Array.from(named('x')).fill(0xff, 0, 1) }, manifest), 'UTF-8'],
    ['unsorted paths', archive({ header: ustarHeader('z', 0) }, manifest), 'sorted'],
    ['a path twice', archive(manifest, manifest), 'twice'],
    ['no manifest', archive({ header: ustarHeader('x', 0) }), 'no manifest'],
    ['nothing', new Uint8Array(), 'cut off'],
    ['no end', archive(manifest).subarray(0, 1024), 'cut off'],
    ['one block of end', archive(manifest).subarray(0, 1536), 'end right'],
    ['bytes after the end', Buffer.concat([archive(manifest), new Uint8Array(512)]), 'end right'],
    ['a file longer than the archive', archive({ header: ustarHeader('capsule.json', 5_000) }), 'ends before'],
    ['padding that is not zero', archive(manifest).fill(1, 1023, 1024), 'padding'],
  ];

  test.each(cases)('%s is refused', (_what, bytes, message) => {
    const refusal = refusalOf(() => unpackBundle(bytes));
    expect(refusal.code).toBe('invalid_bundle');
    expect(refusal.message).toContain(message);
  });

  test.each([
    ['Readme.md', 'README.md'],
    ['src/main.js', 'SRC/other.js'],
    ['lib', 'lib/main.js'],
    ['caf\u00e9.txt', 'cafe\u0301.txt'],
  ])('%s beside %s collides somewhere and is refused', (one, other) => {
    expect(refusalOf(() => packBundle(filesOf([one, ''], [other, '']))).message).toContain('collides');
  });

  test.each(['\ud800', 'a/../b', '/a', 'a\\b', '', 'a/'])('the packer refuses %j itself', (name) => {
    expect(refusalOf(() => packBundle(filesOf([name, '']))).code).toBe('invalid_bundle');
  });

  test('a refusal names the path', () => {
    expect(refusalOf(() => packBundle(filesOf(['a/../b', '']))).extra['path']).toBe('a/../b');
  });
});

describe('limits', () => {
  test('a bundle of exactly the limit passes, one byte or file more does not', () => {
    const files = filesOf(['a', '1']);
    const bytes = packBundle(files);
    expect(unpackBundle(bytes, { maxBytes: bytes.length, maxFiles: 2 }).size).toBe(2);
    expect(refusalOf(() => unpackBundle(bytes, { maxBytes: bytes.length - 1, maxFiles: 2 })).message).toContain(
      'at most',
    );
    expect(refusalOf(() => unpackBundle(bytes, { maxBytes: bytes.length, maxFiles: 1 })).message).toContain(
      'at most 1',
    );
    expect(refusalOf(() => packBundle(files, { maxBytes: bytes.length, maxFiles: 1 })).message).toContain('at most 1');
    expect(refusalOf(() => packBundle(files, { maxBytes: 1_024, maxFiles: 2 })).message).toContain('at most 1024');
  });

  test('a full bundle of the largest allowed size makes the round trip', () => {
    const files = new Map([MANIFEST, ['z.bin', new Uint8Array(BUNDLE_LIMITS.maxBytes - 3_072)]] as const);
    expect(unpackBundle(packBundle(files)).get('z.bin')?.length).toBe(BUNDLE_LIMITS.maxBytes - 3_072);
  });

  test('long paths are split, and too long ones refused', () => {
    const fits = `${'p'.repeat(155)}/${'n'.repeat(100)}`;
    expect([...unpackBundle(packBundle(filesOf([fits, '']))).keys()]).toContain(fits);
    expect(refusalOf(() => packBundle(filesOf([`p${fits}`, '']))).message).toContain('too long');
    expect(refusalOf(() => packBundle(filesOf([`${fits}n`, '']))).message).toContain('too long');
    expect(refusalOf(() => packBundle(filesOf(['n'.repeat(101), '']))).message).toContain('too long');
  });
});

test('GNU tar makes the same bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'soma-bundle-'));
  try {
    const files = filesOf(
      ['src/main.js', 'export default () => 1\n'],
      ['src.txt', ''],
      [`${'d'.repeat(60)}/${'e'.repeat(60)}`, 'x'],
    );
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const names = [...unpackBundle(packBundle(files)).keys()];
    const flags = [
      '--format=ustar',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mode=0644',
      '-b',
      '1',
    ];
    const theirs = execFileSync('tar', ['-C', folder, ...flags, '-cf', '-', ...names]);
    expect(Buffer.compare(theirs, packBundle(files))).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
