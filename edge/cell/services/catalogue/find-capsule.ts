import { eq } from 'drizzle-orm';

import type { VersionStatus } from '#contracts/api/capsules';
import type { Cell } from '#contracts/cells';
import { NotFound } from '#contracts/errors';
import type { VersionId } from '#contracts/ids';
import { catalogueCapsules, catalogueVersions } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { IS_PUBLISHER_VERIFIED } from '../publishers/is-verified.ts';

export interface KnownCapsule {
  readonly name: string;
  readonly homeCell: Cell;
  readonly isPublisherVerified: boolean;
  readonly revision: number;
  readonly versions: readonly { readonly id: VersionId; readonly version: string; readonly status: VersionStatus }[];
}

/** What this cell's catalogue knows of a capsule: enough to choose a version. @throws NotFound */
export async function findCapsule({ db }: Platform, name: string): Promise<KnownCapsule> {
  const { id, version, status } = catalogueVersions;
  const rows = await db
    .select({
      homeCell: catalogueCapsules.homeCell,
      isPublisherVerified: IS_PUBLISHER_VERIFIED,
      revision: catalogueCapsules.revision,
      release: { id, version, status },
    })
    .from(catalogueCapsules)
    .innerJoin(catalogueVersions, eq(catalogueVersions.capsuleId, catalogueCapsules.id))
    .where(eq(catalogueCapsules.name, name));
  const [first] = rows;
  if (!first) throw new NotFound('capsule');
  const { homeCell, isPublisherVerified, revision } = first;
  return { name, homeCell, isPublisherVerified, revision, versions: rows.map(({ release }) => release) };
}
