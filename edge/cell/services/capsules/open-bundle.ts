import { and, eq } from 'drizzle-orm';

import { VersionPath } from '#contracts/api/capsules';
import type { Digest } from '#contracts/digest';
import { NotFound } from '#contracts/errors';
import { catalogueCapsules, catalogueVersions } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';
import { bundleKey } from './blobs.ts';
import { ensureBlob } from './ensure-blob.ts';

export interface OpenBundle {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly body: ReadableStream;
}

/** Opens a published bundle for download, wherever it was published. @throws NotFound no such version */
export async function openBundle({ ctx, input }: Verb<VersionPath, Platform>): Promise<OpenBundle> {
  const { publisher, slug, version } = VersionPath.parse(input);
  const [release] = await ctx.db
    .select({ digest: catalogueVersions.digest, homeCell: catalogueCapsules.homeCell })
    .from(catalogueVersions)
    .innerJoin(catalogueCapsules, eq(catalogueCapsules.id, catalogueVersions.capsuleId))
    .where(and(eq(catalogueCapsules.name, `${publisher}/${slug}`), eq(catalogueVersions.version, version)));
  if (!release) throw new NotFound('version');
  await ensureBlob(ctx, release);
  return openStored({ ctx, input: release });
}

/** Opens a bundle or a layer that lies in this cell; a peer's question is not passed on, so that two cells never ask each other in a circle. */
export async function openStored({ ctx, input }: Verb<{ readonly digest: Digest }, Platform>): Promise<OpenBundle> {
  const { digest } = input;
  const blob = await ctx.env.BLOBS.get(bundleKey(digest));
  if (!blob) throw new NotFound('bundle');
  const mediaType = blob.httpMetadata?.contentType ?? 'application/octet-stream';
  return { digest, sizeBytes: blob.size, mediaType, body: blob.body };
}
