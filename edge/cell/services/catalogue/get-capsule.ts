import { eq, getTableColumns } from 'drizzle-orm';
import semver from 'semver';

import { type CapsuleDetail, CapsulePath } from '#contracts/api/capsules';
import { NotFound } from '#contracts/errors';
import { catalogueCapsules, catalogueVersions } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';
import { IS_PUBLISHER_VERIFIED } from '../publishers/is-verified.ts';
import { listingView, versionSummary } from './view.ts';

/** @throws NotFound */
export async function getCapsule({ ctx, input }: Verb<CapsulePath, Platform>): Promise<CapsuleDetail> {
  const { publisher, slug } = CapsulePath.parse(input);
  const { search: _search, ...columns } = getTableColumns(catalogueCapsules);
  const [capsule] = await ctx.db
    .select({ ...columns, isPublisherVerified: IS_PUBLISHER_VERIFIED })
    .from(catalogueCapsules)
    .where(eq(catalogueCapsules.name, `${publisher}/${slug}`));
  if (!capsule) throw new NotFound('capsule');

  const { version, digest, sizeBytes, status, publishedAt } = catalogueVersions;
  const versions = await ctx.db
    .select({ version, digest, sizeBytes, status, publishedAt })
    .from(catalogueVersions)
    .where(eq(catalogueVersions.capsuleId, capsule.id));
  return {
    ...listingView(capsule),
    versions: versions.toSorted((a, b) => semver.rcompare(a.version, b.version)).map(versionSummary),
  };
}
