import { and, eq } from 'drizzle-orm';

import type { PublishedLayer } from '#contracts/api/layers';
import { Unavailable } from '#contracts/errors';
import { newId } from '#contracts/ids';
import { LAYER_MEDIA_TYPE, unpackLayer } from '#contracts/layer';
import { layers } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { holdArchive, storeArchive } from '../capsules/blobs.ts';
import type { Upload } from '../capsules/read-upload.ts';
import { assertNoSecrets } from '../capsules/secret-scan.ts';
import { verifyUpload } from '../capsules/verify-upload.ts';
import { holdPublisherKey } from '../publisher-keys/hold.ts';
import { transact } from '../transact.ts';
import { layerView } from './view.ts';

export interface Published {
  readonly layer: PublishedLayer;
  /** False where the tenant had published the same bytes before: nothing was changed. */
  readonly isNew: boolean;
}

/**
 * Publishes dependencies as a layer that versions may name by its digest. Nobody else can read it before one does.
 *
 * Idempotent by the bytes.
 * @throws DomainError `invalid_bundle` · `signature_invalid` · `digest_mismatch`
 */
export async function publishLayer({ ctx, input }: Verb<Upload>): Promise<Published> {
  requirePermission(ctx, 'capsules:publish');
  const { runtime, files } = unpackLayer(input.bundle);
  assertNoSecrets(files);
  const { digest, signature, key } = await verifyUpload(ctx, input);

  return transact(ctx, async (tx) => {
    await holdPublisherKey(tx, key.id);
    const [row] = await tx
      .insert(layers)
      .values({
        id: newId('lay'),
        tenantId: ctx.tenant.id,
        digest,
        runtime,
        files: files.size,
        sizeBytes: input.bundle.length,
        signature,
        publisherKeyId: key.id,
        publicKeyPem: key.publicKeyPem,
        publishedAt: ctx.now(),
      })
      .onConflictDoNothing({ target: [layers.tenantId, layers.digest] })
      .returning();
    if (row) {
      await holdArchive(tx, digest);
      await storeArchive(ctx, digest, input.bundle, LAYER_MEDIA_TYPE);
      const { id, sizeBytes, publisherKeyId } = row;
      const details = { digest, runtime, files: files.size, sizeBytes, publisherKeyId };
      await recordAudit(tx, ctx, { action: 'layer.publish', target: id, details });
      return { layer: layerView(row), isNew: true };
    }
    const [earlier] = await tx
      .select()
      .from(layers)
      .where(and(eq(layers.tenantId, ctx.tenant.id), eq(layers.digest, digest)));
    if (!earlier) throw new Unavailable('the layer could not be stored; try again');
    return { layer: layerView(earlier), isNew: false };
  });
}
