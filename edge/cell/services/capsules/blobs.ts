import { type SQL, sql } from 'drizzle-orm';

import type { Digest } from '#contracts/digest';
import { Unavailable } from '#contracts/errors';
import type { Transaction } from '#db/postgres/client';

import type { Platform } from '../../context.ts';

export const BUNDLE_PREFIX = 'bundles/';

/** Where a bundle or a layer lies in the cell's object storage: under its own digest, so that the same bytes have one place. */
export function bundleKey(digest: Digest): string {
  return `${BUNDLE_PREFIX}${digest}`;
}

/** Until the transaction ends: nobody deletes these bytes for being named by nothing (`sweepBundles`). */
export async function holdArchive(tx: Transaction, digest: Digest): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${lockOf(sql`${digest}`)})`);
}

/** The lock on a digest, for a statement. */
export function lockOf(digest: SQL): SQL {
  return sql`hashtextextended(${digest}, 0)`;
}

/** A capsule’s row may be held meanwhile: less than others wait for it. */
const PUT_LIMIT_MS = 15_000;

/**
 * Stores bytes whose digest was checked. Idempotent; the store checks the bytes against the digest once more.
 * @throws Unavailable the store takes too long
 */
export async function storeArchive(
  { env }: Platform,
  digest: Digest,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  const put = env.BLOBS.put(bundleKey(digest), bytes, {
    sha256: digest.slice('sha256:'.length),
    httpMetadata: { contentType },
  });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Unavailable('the object storage does not answer; try again')),
    PUT_LIMIT_MS,
  );
  try {
    await Promise.race([put, late]);
  } finally {
    clearTimeout(timer);
  }
}
