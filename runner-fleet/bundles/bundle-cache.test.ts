import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { packBundle } from '#contracts/bundle';
import { digestOf } from '#contracts/digest';

import { BundleCache } from './bundle-cache.ts';

let root: string;
let directory: string;
let sandbox: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'soma-bundles-test-'));
  directory = join(root, 'bundles');
  sandbox = join(root, 'sandbox');
  mkdirSync(sandbox);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function bundle(main: string) {
  const bytes = new Uint8Array(
    packBundle(
      new Map([
        ['capsule.json', Buffer.from('{}')],
        ['src/main.js', Buffer.from(main)],
      ]),
    ),
  );
  return { bytes, digest: await digestOf(bytes) };
}

test('a bundle that was put is linked, not copied', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const { bytes, digest } = await bundle('hello');
  await cache.put(digest, bytes);
  expect(await cache.linkInto(digest, sandbox)).toBe(true);
  expect(readFileSync(join(sandbox, 'src/main.js'), 'utf8')).toBe('hello');
  expect(statSync(join(sandbox, 'src/main.js')).nlink).toBe(2);
});

test('bytes of another digest are refused and leave nothing', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const [one, two] = [await bundle('one'), await bundle('two')];
  await expect(cache.put(one.digest, two.bytes)).rejects.toMatchObject({ code: 'digest_mismatch' });
  expect(cache.has(one.digest)).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});

test('an archive that is no bundle is refused though its digest is right', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const bytes = new Uint8Array(1_024);
  await expect(cache.put(await digestOf(bytes), bytes)).rejects.toMatchObject({ code: 'invalid_bundle' });
  expect(readdirSync(directory)).toEqual([]);
});

test('two uploads of one bundle at once are one bundle', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const { bytes, digest } = await bundle('hello');
  await Promise.all([cache.put(digest, bytes), cache.put(digest, bytes)]);
  expect(readdirSync(directory)).toHaveLength(1);
});

test('the least recently used bundle goes first, and a run that has it keeps it', async () => {
  const [one, two, three] = [await bundle('one'), await bundle('two'), await bundle('three')];
  const cache = new BundleCache({ directory, maxBytes: one.bytes.length + two.bytes.length });
  await cache.put(one.digest, one.bytes);
  await cache.put(two.digest, two.bytes);
  await cache.linkInto(one.digest, sandbox);
  await cache.put(three.digest, three.bytes);
  expect([one, two, three].map(({ digest }) => cache.has(digest))).toEqual([true, false, true]);
  expect(await cache.linkInto(two.digest, join(root, 'other'))).toBe(false);
  expect(readFileSync(join(sandbox, 'src/main.js'), 'utf8')).toBe('one');
});
