import type { Digest } from '#contracts/digest';

import type { Platform } from '../../context.ts';

/** Where a bundle or a layer lies in the cell's object storage: under its own digest, so that the same bytes have one place. */
export function bundleKey(digest: Digest): string {
  return `bundles/${digest}`;
}

/** Stores bytes whose digest was checked. Idempotent; the store checks the bytes against the digest once more. */
export async function storeArchive(
  { env }: Platform,
  digest: Digest,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  await env.BLOBS.put(bundleKey(digest), bytes, {
    sha256: digest.slice('sha256:'.length),
    httpMetadata: { contentType },
  });
}
