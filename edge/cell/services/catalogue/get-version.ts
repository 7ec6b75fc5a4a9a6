import { and, eq } from 'drizzle-orm';

import { type CapsuleVersion, VersionPath } from '#contracts/api/capsules';
import { NotFound } from '#contracts/errors';
import { catalogueCapsules, catalogueVersions } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';
import { versionView } from './view.ts';

/** @throws NotFound */
export async function getVersion({ ctx, input }: Verb<VersionPath, Platform>): Promise<CapsuleVersion> {
  const { publisher, slug, version } = VersionPath.parse(input);
  const name = `${publisher}/${slug}`;
  const [row] = await ctx.db
    .select({ version: catalogueVersions })
    .from(catalogueVersions)
    .innerJoin(catalogueCapsules, eq(catalogueCapsules.id, catalogueVersions.capsuleId))
    .where(and(eq(catalogueCapsules.name, name), eq(catalogueVersions.version, version)));
  if (!row) throw new NotFound('version');
  return versionView(name, row.version);
}
