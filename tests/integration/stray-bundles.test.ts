import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Platform } from '#cell/context';
import { bundleKey, holdArchive, storeArchive } from '#cell/services/capsules/blobs';
import { sweepBundles } from '#cell/services/capsules/sweep';
import { type Digest, digestOf } from '#contracts/digest';
import { newId } from '#contracts/ids';
import { transaction } from '#db/postgres/client';
import { LeftWorld, startLeftStores } from '#support/left-world';

/** A real database and a real bucket, which no cell but this one sweeps. */
let stores: Awaited<ReturnType<typeof startLeftStores>>;
let miniflare: Miniflare;
let bucket: Awaited<ReturnType<Miniflare['getR2Bucket']>>;
beforeAll(async () => {
  stores = await startLeftStores();
  const worker = { modules: true, script: 'export default {}', r2Buckets: ['BLOBS'] };
  const options = { log: new Log(LogLevel.ERROR), cf: false, compatibilityDate: '2026-10-01', ...worker };
  miniflare = new Miniflare(convertV4MiniflareOptions(options));
  bucket = await miniflare.getR2Bucket('BLOBS');
});
afterAll(async () => {
  await miniflare?.dispose();
  await stores?.close();
});

const DAY_MS = 86_400_000;

let world: LeftWorld;
beforeEach(async () => {
  world = await LeftWorld.create(stores);
});

/** The cell, so long after now. */
function cellAfter(ms: number): Platform {
  const { ctx } = world;
  const env = Object.assign(Object.create(null), ctx.env, { BLOBS: bucket });
  return { ...ctx, env, now: () => new Date(Date.now() + ms) };
}

async function stored(text: string): Promise<Digest> {
  const bytes = new TextEncoder().encode(`${text} ${world.tenantId}`);
  const digest = await digestOf(bytes);
  await storeArchive(cellAfter(0), digest, bytes, 'application/x-tar');
  return digest;
}

async function isStored(digest: Digest): Promise<boolean> {
  return (await bucket.head(bundleKey(digest))) !== null;
}

test('bytes that nothing names are deleted once they are a day old', async () => {
  const [stray, other] = [await stored('one'), await stored('two')];
  expect(await sweepBundles(cellAfter(DAY_MS - 60_000))).toBe(0);
  expect([await isStored(stray), await isStored(other)]).toEqual([true, true]);
  expect(await sweepBundles(cellAfter(DAY_MS + 60_000))).toBe(2);
  expect([await isStored(stray), await isStored(other)]).toEqual([false, false]);
});

test('what a version names stays, its layers too, and a layer that no version names yet', async () => {
  const [bundle, named, layer] = [await stored('bundle'), await stored('named'), await stored('layer')];
  await world.capsuleSays({ layers: [named] }, bundle);
  await stores.pool.query(
    `with key as (
       insert into publisher_keys (id, tenant_id, name, hint, public_key_pem, created_at) values ($1, $2, 'k', 'h', '', now())
     )
     insert into layers (id, tenant_id, digest, runtime, files, size_bytes, signature, publisher_key_id, public_key_pem, published_at)
     values ($3, $2, $4, 'node24', 1, 1, '{}', $1, '', now())`,
    [newId('pky'), world.tenantId, newId('lay'), layer],
  );
  expect(await sweepBundles(cellAfter(2 * DAY_MS))).toBe(0);
  expect([await isStored(bundle), await isStored(named), await isStored(layer)]).toEqual([true, true, true]);
});

test('bytes that are being stored now stay, however old those are that lie there; once that came to nothing they go', async () => {
  const digest = await stored('again');
  const { url, neonProxy } = stores.postgres;
  await transaction(url, neonProxy, async (tx) => {
    await holdArchive(tx, digest);
    expect(await sweepBundles(cellAfter(2 * DAY_MS))).toBe(0);
    expect(await isStored(digest)).toBe(true);
  });
  expect(await sweepBundles(cellAfter(2 * DAY_MS))).toBe(1);
});

test('a sweep looks at a part of the bucket, wherever it begins, and the next ones at the rest', async () => {
  const named = await Promise.all(Array.from({ length: 201 }, (_, n) => stored(`named ${n}`)));
  await world.capsuleSays({ layers: named.slice(0, 8) }, named[8]);
  const strays = named.slice(9);
  let deleted = await sweepBundles(cellAfter(2 * DAY_MS));
  expect(deleted).toBeGreaterThan(180);
  expect(deleted).toBeLessThanOrEqual(192);
  for (let sweeps = 0; sweeps < 5; sweeps += 1) deleted += await sweepBundles(cellAfter(2 * DAY_MS));
  expect(deleted).toBe(strays.length);
});
