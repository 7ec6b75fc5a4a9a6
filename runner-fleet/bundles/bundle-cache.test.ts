import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { packBundle } from '#contracts/bundle';
import { digestOf } from '#contracts/digest';
import { packLayer } from '#contracts/layer';

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

/** Of such a bundle: two files of one block each, their names, and the folder. */
const DISK_BYTES = 5 * 4_096;

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
  await cache.put(digest, bytes, 'bundle');
  expect(await cache.linkInto([digest], sandbox)).toEqual([]);
  expect(readFileSync(join(sandbox, 'src/main.js'), 'utf8')).toBe('hello');
  expect(statSync(join(sandbox, 'src/main.js')).nlink).toBe(2);
});

test('bytes of another digest are refused and leave nothing', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const [one, two] = [await bundle('one'), await bundle('two')];
  await expect(cache.put(one.digest, two.bytes, 'bundle')).rejects.toMatchObject({ code: 'digest_mismatch' });
  expect(cache.has(one.digest)).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});

test('an archive that is no bundle is refused though its digest is right', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const bytes = new Uint8Array(1_024);
  await expect(cache.put(await digestOf(bytes), bytes, 'bundle')).rejects.toMatchObject({ code: 'invalid_bundle' });
  expect(readdirSync(directory)).toEqual([]);
});

test('two uploads of one bundle at once are one bundle', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const { bytes, digest } = await bundle('hello');
  await Promise.all([cache.put(digest, bytes, 'bundle'), cache.put(digest, bytes, 'bundle')]);
  expect(readdirSync(directory)).toHaveLength(1);
});

test('an upload that is refused does not take one of the same digest with it', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const [{ bytes, digest }, other] = [await bundle('hello'), await bundle('other')];
  const kept = { status: 'fulfilled', value: undefined };
  expect(
    await Promise.allSettled([
      cache.put(digest, other.bytes, 'bundle'),
      cache.put(digest, bytes, 'layer'),
      cache.put(digest, bytes, 'bundle'),
      cache.put(digest, other.bytes, 'bundle'),
    ]),
  ).toMatchObject([{ reason: { code: 'digest_mismatch' } }, { reason: { code: 'invalid_bundle' } }, kept, kept]);
  expect(cache.digests()).toEqual([digest]);
  expect(readdirSync(directory)).toHaveLength(1);
});

test('the least recently used bundle goes first, and a run that has it keeps it', async () => {
  const [one, two, three] = [await bundle('one'), await bundle('two'), await bundle('three')];
  const cache = new BundleCache({ directory, maxBytes: 2 * DISK_BYTES });
  await cache.put(one.digest, one.bytes, 'bundle');
  await cache.put(two.digest, two.bytes, 'bundle');
  await cache.linkInto([one.digest], sandbox);
  await cache.put(three.digest, three.bytes, 'bundle');
  expect([one, two, three].map(({ digest }) => cache.has(digest))).toEqual([true, false, true]);
  expect(await cache.linkInto([one.digest, two.digest], join(root, 'other'))).toEqual([two.digest]);
  expect(readFileSync(join(sandbox, 'src/main.js'), 'utf8')).toBe('one');
});

test('a run that holds a bundle keeps it from being dropped', async () => {
  const [one, two, three] = [await bundle('one'), await bundle('two'), await bundle('three')];
  const cache = new BundleCache({ directory, maxBytes: 2 * DISK_BYTES });
  await cache.put(one.digest, one.bytes, 'bundle');
  const release = cache.hold([one.digest]);
  await cache.put(two.digest, two.bytes, 'bundle');
  await cache.put(three.digest, three.bytes, 'bundle');
  expect(cache.digests()).toEqual([three.digest, one.digest]);
  release();
  await cache.put(two.digest, two.bytes, 'bundle');
  expect(cache.digests()).toEqual([two.digest, three.digest]);
});

test('a layer lies under the bundle', async () => {
  const cache = new BundleCache({ directory, maxBytes: 1e6 });
  const { bytes, digest } = await bundle('hello');
  const files = new Map([['node_modules/twice/index.js', Buffer.from('twice')]]);
  const layer = new Uint8Array(packLayer({ runtime: 'node24', files }));
  const layerDigest = await digestOf(layer);
  await cache.put(digest, bytes, 'bundle');
  await expect(cache.put(layerDigest, layer, 'bundle')).rejects.toMatchObject({ code: 'invalid_bundle' });
  await cache.put(layerDigest, layer, 'layer');
  expect(await cache.linkInto([layerDigest, digest], sandbox)).toEqual([]);
  expect(readFileSync(join(sandbox, 'node_modules/twice/index.js'), 'utf8')).toBe('twice');
  expect(readFileSync(join(sandbox, 'src/main.js'), 'utf8')).toBe('hello');
});

describe('after a restart', () => {
  test('what was used last goes last', async () => {
    const [one, two, three] = [await bundle('one'), await bundle('two'), await bundle('three')];
    const first = new BundleCache({ directory, maxBytes: 1e6 });
    await first.put(one.digest, one.bytes, 'bundle');
    await first.put(two.digest, two.bytes, 'bundle');
    for (const name of readdirSync(directory)) {
      const usedAtS = name.includes(two.digest.slice(-64)) ? 2 : 1;
      utimesSync(join(directory, name), usedAtS, usedAtS);
    }
    const earlier = new BundleCache({ directory, maxBytes: 1e6 });
    expect(earlier.digests()).toEqual([two.digest, one.digest]);
    await earlier.linkInto([one.digest], sandbox);

    const cache = new BundleCache({ directory, maxBytes: 2 * DISK_BYTES });
    expect(cache.digests()).toEqual([one.digest, two.digest]);
    await cache.put(three.digest, three.bytes, 'bundle');
    expect(cache.digests()).toEqual([three.digest, one.digest]);
    expect(await cache.linkInto([one.digest], join(root, 'other'))).toEqual([]);
  });

  test.each([
    ['cut off', (path: string) => truncateSync(path, 1)],
    ['gone', (path: string) => rmSync(path)],
    ['another', (path: string) => writeFileSync(path, 'other')],
  ])('a bundle with a file that is %s is not used, and can be sent again', async (_, damage) => {
    const { bytes, digest } = await bundle('hello');
    await new BundleCache({ directory, maxBytes: 1e6 }).put(digest, bytes, 'bundle');
    damage(join(directory, readdirSync(directory)[0] ?? '', 'src/main.js'));

    const cache = new BundleCache({ directory, maxBytes: 1e6 });
    expect(await cache.linkInto([digest], sandbox)).toEqual([digest]);
    expect(cache.has(digest)).toBe(false);
    await cache.put(digest, bytes, 'bundle');
    expect(await cache.linkInto([digest], sandbox)).toEqual([]);
    expect(readFileSync(join(sandbox, 'src/main.js'), 'utf8')).toBe('hello');
  });

  test('what was cut off while it came or went is gone', async () => {
    const { bytes, digest } = await bundle('hello');
    await new BundleCache({ directory, maxBytes: 1e6 }).put(digest, bytes, 'bundle');
    for (const name of ['incoming-1', 'leaving-2']) mkdirSync(join(directory, name));
    const cache = new BundleCache({ directory, maxBytes: 1e6 });
    expect(readdirSync(directory)).toHaveLength(1);
    expect(cache.digests()).toEqual([digest]);
  });
});
