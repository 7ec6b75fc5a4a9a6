import type { CatalogueEntry } from '#contracts/api/catalogue';
import type { capsuleVersions } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';

/** What every cell is told about a version. */
export function entryOf(
  { cell }: Platform,
  capsule: string,
  row: Omit<typeof capsuleVersions.$inferSelect, 'publisherKeyId'>,
): CatalogueEntry {
  return {
    capsuleId: row.capsuleId,
    capsule,
    homeCell: cell,
    versionId: row.id,
    version: row.version,
    digest: row.digest,
    sizeBytes: row.sizeBytes,
    manifest: row.manifest,
    signature: row.signature,
    publicKeyPem: row.publicKeyPem,
    status: row.status,
    revision: row.revision,
    publishedAt: row.publishedAt.toISOString(),
  };
}
