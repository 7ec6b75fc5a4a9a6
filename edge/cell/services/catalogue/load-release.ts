import { eq } from 'drizzle-orm';

import { BoundedMap } from '#contracts/bounded-map';
import type { Digest } from '#contracts/digest';
import { NotFound } from '#contracts/errors';
import type { VersionId } from '#contracts/ids';
import { Manifest } from '#contracts/manifest';
import { catalogueVersions } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';

/** What never changes about a version. */
export interface Release {
  readonly id: VersionId;
  readonly version: string;
  readonly digest: Digest;
  readonly manifest: Manifest;
}

const releases = new BoundedMap<VersionId, Release>(200);

export async function loadRelease({ db }: Platform, versionId: VersionId): Promise<Release> {
  const known = releases.get(versionId);
  if (known) return known;
  const { version, digest, manifest } = catalogueVersions;
  const [row] = await db
    .select({ version, digest, manifest })
    .from(catalogueVersions)
    .where(eq(catalogueVersions.id, versionId));
  if (!row) throw new NotFound('version');
  const release = { id: versionId, version: row.version, digest: row.digest, manifest: Manifest.parse(row.manifest) };
  releases.set(versionId, release);
  return release;
}
