import { z } from 'zod';

import { Digest } from '../digest.ts';
import { idOf } from '../ids.ts';
import { Json } from '../json.ts';
import { LayerRuntime } from '../layer.ts';

export const LayerPath = z.object({ digest: Digest });
export type LayerPath = z.infer<typeof LayerPath>;

/** Dependencies of a tenant's own. A version may name them, and from then on anybody may read them. */
export const PublishedLayer = z
  .object({
    id: idOf('lay'),
    digest: Digest,
    runtime: LayerRuntime,
    files: z.int(),
    sizeBytes: z.int(),
    signature: Json.describe('Sigstore bundle v0.3 over the digest'),
    publicKeyPem: z.string(),
    publishedAt: z.iso.datetime(),
  })
  .meta({ id: 'PublishedLayer' });
export type PublishedLayer = z.infer<typeof PublishedLayer>;
