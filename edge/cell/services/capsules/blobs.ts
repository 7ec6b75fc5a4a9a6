import { BUNDLE_MEDIA_TYPE } from '#contracts/bundle';
import type { Digest } from '#contracts/digest';

import type { Platform } from '../../context.ts';

/** Where a bundle lies in the cell's object storage: under its own digest, so that the same bytes have one place. */
export function bundleKey(digest: Digest): string {
  return `bundles/${digest}`;
}

/** Stores a bundle whose digest was checked. Idempotent; the store checks the bytes against the digest once more. */
export async function storeBundle({ env }: Platform, digest: Digest, bytes: Uint8Array): Promise<void> {
  await env.BLOBS.put(bundleKey(digest), bytes, {
    sha256: digest.slice('sha256:'.length),
    httpMetadata: { contentType: BUNDLE_MEDIA_TYPE },
  });
}
