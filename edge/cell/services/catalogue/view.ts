import type { CapsuleListing, CapsuleVersion, VersionSummary } from '#contracts/api/capsules';
import { Manifest, permissionsOf } from '#contracts/manifest';
import type { catalogueCapsules, catalogueVersions } from '#db/postgres/schema/index';

type CapsuleRow = Omit<typeof catalogueCapsules.$inferSelect, 'search'> & { readonly isPublisherVerified: boolean };
type VersionRow = typeof catalogueVersions.$inferSelect;

export function listingView(row: CapsuleRow): CapsuleListing {
  const [publisher = '', slug = ''] = row.name.split('/');
  return {
    id: row.id,
    name: row.name,
    publisher,
    isPublisherVerified: row.isPublisherVerified,
    slug,
    homeCell: row.homeCell,
    title: row.title,
    description: row.description,
    license: row.license,
    categories: row.categories,
    keywords: row.keywords,
    runtime: row.runtime,
    permissions: row.permissions,
    perRunNanos: row.perRunNanos,
    latestVersion: row.latestVersion,
    latestDigest: row.latestDigest,
    updatedAt: row.updatedAt.toISOString(),
  };
}

export function versionSummary(
  row: Pick<VersionRow, 'version' | 'digest' | 'sizeBytes' | 'status' | 'publishedAt'>,
): VersionSummary {
  const { version, digest, sizeBytes, status, publishedAt } = row;
  return { version, digest, sizeBytes, status, publishedAt: publishedAt.toISOString() };
}

export function versionView(capsule: string, row: VersionRow): CapsuleVersion {
  return {
    ...versionSummary(row),
    id: row.id,
    capsule,
    manifest: row.manifest,
    permissions: permissionsOf(Manifest.parse(row.manifest)),
    signature: row.signature,
    publicKeyPem: row.publicKeyPem,
  };
}
