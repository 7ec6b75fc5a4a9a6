import { LayerPath } from '#contracts/api/layers';
import { NotFound } from '#contracts/errors';

import type { Platform, Verb } from '../../context.ts';
import { ensureBlob } from '../capsules/ensure-blob.ts';
import { type OpenBundle, openStored } from '../capsules/open-bundle.ts';
import { findNamedLayer } from './find-named.ts';

/** Opens a layer for download, wherever it was published. @throws NotFound no published version names it */
export async function openLayer({ ctx, input }: Verb<LayerPath, Platform>): Promise<OpenBundle> {
  const { digest } = LayerPath.parse(input);
  const named = await findNamedLayer(ctx, digest);
  if (!named) throw new NotFound('layer');
  await ensureBlob(ctx, named);
  return openStored({ ctx, input: { digest } });
}
