import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';

import { Digest } from '#contracts/digest';
import { type Transaction, transaction } from '#db/postgres/client';

import type { Platform } from '../../context.ts';
import { deleteObjects } from '../storage/delete-objects.ts';
import { BUNDLE_PREFIX, bundleKey, lockOf } from './blobs.ts';

/** Whoever stores bytes names them within seconds, or never. */
const SAFE_AGE_MS = 86_400_000;
/** A quarter of a million a day. */
const MOST_LOOKED_AT = 200;

/**
 * Deletes bundles and layers that nothing names: a cell that dies between storing and committing leaves them behind. Each sweep looks at a
 * part of the bucket, from a place that it draws, so that all of it is looked at in time and nothing has to be remembered. Answers how many.
 */
export async function sweepBundles(platform: Platform): Promise<number> {
  const old = await oldDigests(platform);
  if (old.length === 0) return 0;
  const strays = await digestsFrom(platform.db, unnamed(old));
  if (strays.length === 0) return 0;
  const { DATABASE_URL, NEON_LOCAL_PROXY } = platform.env;
  return transaction(DATABASE_URL, NEON_LOCAL_PROXY, (tx) => deleteStrays(platform, tx, strays));
}

/**
 * The lock keeps whoever is about to name one waiting (`holdArchive`), and one that is being stored now is passed over; then it is looked at
 * again, as it may have been stored anew and named meanwhile.
 */
async function deleteStrays(platform: Platform, tx: Transaction, strays: readonly Digest[]): Promise<number> {
  const held = await digestsFrom(
    tx,
    sql`select digest from json_array_elements_text(${JSON.stringify(strays)}::json) as stray(digest)
      where pg_try_advisory_xact_lock(${lockOf(sql`digest`)})`,
  );
  const still = await digestsFrom(tx, unnamed(held));
  if (still.length > 0) await deleteObjects(platform.env.BLOBS, still.map(bundleKey));
  return still.length;
}

/** Digests sort as chance has it: any place to begin at is as good as another. After the last key the first one follows. */
async function oldDigests(platform: Platform): Promise<Digest[]> {
  const bucket = platform.env.BLOBS;
  const startAfter = `${BUNDLE_PREFIX}sha256:${crypto.randomUUID()}`;
  const after = await bucket.list({ prefix: BUNDLE_PREFIX, startAfter, limit: MOST_LOOKED_AT });
  const room = MOST_LOOKED_AT - after.objects.length;
  const before = room > 0 ? await bucket.list({ prefix: BUNDLE_PREFIX, limit: room }) : { objects: [] };
  const newest = platform.now().getTime() - SAFE_AGE_MS;
  const old = [...after.objects, ...before.objects].filter(({ uploaded }) => uploaded.getTime() < newest);
  return [...new Set(old.map(({ key }) => Digest.parse(key.slice(BUNDLE_PREFIX.length))))];
}

/** Every version is in the catalogue, whichever cell published it; a layer may be there before any version names it. */
function unnamed(digests: readonly Digest[]): SQL {
  return sql`
    select digest from json_array_elements_text(${JSON.stringify(digests)}::json) as old(digest)
    where not exists (select from catalogue_versions version where version.digest = old.digest)
      and not exists (select from catalogue_versions version where version.manifest -> 'layers' @> jsonb_build_array(old.digest))
      and old.digest not in (select layers.digest from layers)`;
}

async function digestsFrom(source: Pick<Platform['db'], 'execute'> | Transaction, statement: SQL): Promise<Digest[]> {
  const { rows } = await source.execute(statement);
  return z
    .array(z.object({ digest: Digest }))
    .parse(rows)
    .map(({ digest }) => digest);
}
