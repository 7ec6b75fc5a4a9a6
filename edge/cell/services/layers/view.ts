import type { PublishedLayer } from '#contracts/api/layers';
import type { layers } from '#db/postgres/schema/index';

export function layerView(row: typeof layers.$inferSelect): PublishedLayer {
  const { id, digest, runtime, files, sizeBytes, signature, publicKeyPem } = row;
  return {
    id,
    digest,
    runtime,
    files,
    sizeBytes,
    signature,
    publicKeyPem,
    publishedAt: row.publishedAt.toISOString(),
  };
}
