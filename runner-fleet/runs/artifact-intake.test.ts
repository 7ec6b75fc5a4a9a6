import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, test, vi } from 'vitest';

import { FRAME, type WireFrame } from '../executor/wire.ts';
import { ArtifactFolder } from './artifact-folder.ts';
import { ArtifactIntake } from './artifact-intake.ts';
import { SecretMasker } from './secret-masker.ts';

const root = mkdtempSync(join(tmpdir(), 'soma-artifacts-'));
const directory = join(root, 'run.artifacts');
afterEach(() => rmSync(root, { recursive: true, force: true }));

function intake(limits = { maxFiles: 2, maxBytes: 100 }) {
  return new ArtifactIntake(ArtifactFolder.at(directory), limits, new SecretMasker({ KEY: 'hunter2\nhunter2' }));
}

function begin(path: string | Buffer, sizeBytes: number): WireFrame {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(sizeBytes);
  return { type: FRAME.artifact, bytes: Buffer.concat([size, Buffer.from(path)]) };
}

function data(text: string): WireFrame {
  return { type: FRAME.artifactData, bytes: Buffer.from(text) };
}

function isOpen(path: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    const link = join('/proc/self/fd', fd);
    return existsSync(link) && readlinkSync(link) === path;
  });
}

test('files are kept under their digests and told by path, empty ones and equal ones too', () => {
  const files = intake({ maxFiles: 3, maxBytes: 100 });
  for (const frame of [begin('b', 4), data('sa'), data('me'), begin('c', 0), begin('a/x', 4), data('same')]) {
    expect(files.take(frame)).toBeUndefined();
  }
  files.assertWhole();
  const sha256 = createHash('sha256').update('same').digest('hex');
  const empty = createHash('sha256').update('').digest('hex');
  expect(files.taken().artifacts).toEqual([
    { path: 'a/x', sizeBytes: 4, sha256 },
    { path: 'b', sizeBytes: 4, sha256 },
    { path: 'c', sizeBytes: 0, sha256: empty },
  ]);
  expect(readdirSync(directory).toSorted()).toEqual([sha256, empty].toSorted());
});

test('a file that cannot be synced is told to who waits for that, also where nobody does yet', async () => {
  const files = intake();
  const device = '/dev/full';
  symlinkSync(device, ArtifactFolder.at(directory).place('incoming'));
  files.take(begin('a', 0));
  await vi.waitFor(() => expect(isOpen(device)).toBe(false));
  await expect(files.synced()).rejects.toThrow('fdatasync');
});

describe('a forged frame is not believed:', () => {
  test.each([
    ['more files than allowed', [begin('a', 0), begin('b', 0), begin('c', 0)], 'more files'],
    ['a file larger than allowed', [begin('a', 101)], 'more bytes'],
    ['files larger than allowed together', [begin('a', 60), data('x'.repeat(60)), begin('b', 60)], 'more bytes'],
    ['bytes of no file', [data('x')], 'bytes of no file'],
    ['bytes beyond the end of a file', [begin('a', 1), data('xy')], 'longer than announced'],
    ['a file inside another', [begin('a', 2), data('x'), begin('b', 1)], 'before the last one'],
    ['the same path twice', [begin('a', 0), begin('a', 0)], 'sent twice'],
    [
      'a refusal without a reason that is known',
      [{ type: FRAME.artifactRefused, bytes: Buffer.from('because\0a') }],
      'no reason that is known',
    ],
    ['a frame too short for a size', [{ type: FRAME.artifact, bytes: Buffer.from('a') }], 'outside buffer'],
  ] as const)('%s', (_, frames, message) => {
    const files = intake();
    expect(() => frames.forEach((frame) => files.take(frame))).toThrow(message);
    expect(files.taken()).toEqual({});
    expect(existsSync(directory)).toBe(false);
  });

  test('a file that stops short', () => {
    const files = intake();
    files.take(begin('a', 2));
    files.take(data('x'));
    expect(() => files.assertWhole()).toThrow('not sent to its end');
  });
});

test.each([
  ['a step up', '../../etc/passwd'],
  ['an absolute path', '/etc/passwd'],
  ['a control character', 'a\nb'],
  ['no UTF-8', Buffer.from([0x61, 0xff])],
])('a name that is %s is refused, and nothing of the run is kept', (_, path) => {
  const files = intake();
  files.take(begin('good', 1));
  files.take(data('x'));
  expect(files.take(begin(path, 1))).toMatchObject({ kind: 'artifact_refused', cause: 'artifact_invalid' });
  expect(files.take(data('x'))).toBeUndefined();
  expect(files.taken()).toEqual({});
  expect(existsSync(directory)).toBe(false);
});

describe('a path that tells a secret of the run', () => {
  test.each([
    ['in the name of the file', 'HUNTER/hunter2%0Ahunter2'],
    ['in the name of a folder', `x-${Buffer.from('hunter2\nhunter2').toString('base64url')}/a`],
  ])('%s is refused, and not repeated', (_, path) => {
    const files = intake();
    files.take(begin('good', 0));
    expect(files.take(begin(path, 0))).toEqual({
      kind: 'artifact_refused',
      cause: 'artifact_invalid',
      detail: 'it left a file in /out whose path tells a secret of the run; it may hold one, not be called so',
    });
    expect(files.taken()).toEqual({});
    expect(existsSync(directory)).toBe(false);
  });

  test('is not repeated either where it is refused for another reason', () => {
    const refused = [
      begin('hunter2\nhunter2', 1),
      { type: FRAME.artifactRefused, bytes: Buffer.from(`linked\0${'x'.repeat(245)}hunter2\nhunter2`) },
    ].map((frame) => intake().take(frame)?.detail);
    expect(refused).toEqual([
      expect.stringContaining('"***" in /out; a name is UTF-8'),
      expect.stringMatching(/x{245}\*{3}" in \/out, a file with more than one name/),
    ]);
  });
});
