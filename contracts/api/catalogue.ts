import { z } from 'zod';

import { Cell } from '../cells.ts';
import { Digest } from '../digest.ts';
import { idOf } from '../ids.ts';
import { Json } from '../json.ts';
import { CapsuleName, SemVer } from '../manifest.ts';
import { ManifestDocument, VersionStatus } from './capsules.ts';

/**
 * What one cell tells the others about a version: all that is public about it. Whoever applies entries keeps the one
 * with the greatest `revision`, so that they may come twice and in any order.
 */
export const CatalogueEntry = z.strictObject({
  capsuleId: idOf('cap'),
  capsule: CapsuleName,
  homeCell: Cell,
  versionId: idOf('ver'),
  version: SemVer,
  digest: Digest,
  sizeBytes: z.int().positive(),
  manifest: ManifestDocument,
  signature: Json,
  publicKeyPem: z.string().max(1_000),
  status: VersionStatus,
  revision: z.int().positive(),
  publishedAt: z.iso.datetime(),
});
export type CatalogueEntry = z.infer<typeof CatalogueEntry>;
