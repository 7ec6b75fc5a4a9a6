import { eq, sql } from 'drizzle-orm';
import semver from 'semver';

import { CatalogueEntry } from '#contracts/api/catalogue';
import type { Cell } from '#contracts/cells';
import { Conflict, DomainError } from '#contracts/errors';
import { Manifest, permissionsOf } from '#contracts/manifest';
import { type Transaction, transaction } from '#db/postgres/client';
import { catalogueCapsules, catalogueVersions } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';
import { latestActive } from '../installations/resolve-version.ts';

export interface FromPeer {
  readonly peer: Cell;
  readonly entry: CatalogueEntry;
}

/**
 * Takes over what a peer says about a version of its own. The evidence of the change is in the publisher's cell, where it was made;
 * this is its copy. Idempotent, and in any order: the greatest revision stays.
 *
 * @throws DomainError `forbidden` the peer is not the home of the capsule
 */
export async function applyFromPeer({ ctx, input }: Verb<FromPeer, Platform>): Promise<void> {
  const entry = CatalogueEntry.parse(input.entry);
  if (entry.homeCell !== input.peer) {
    throw new DomainError('forbidden', `${input.peer} does not speak for ${entry.homeCell}`);
  }
  await transaction(ctx.env.DATABASE_URL, ctx.env.NEON_LOCAL_PROXY, (tx) => applyEntry(tx, entry));
}

/** Writes one version into this cell's catalogue and brings the capsule's listing up to date. */
export async function applyEntry(tx: Transaction, entry: CatalogueEntry): Promise<void> {
  // The capsule's row is the lock: entries of one capsule are applied one after the other.
  await tx.insert(catalogueCapsules).values(firstListing(entry)).onConflictDoNothing();
  const [locked] = await tx
    .select({ id: catalogueCapsules.id })
    .from(catalogueCapsules)
    .where(eq(catalogueCapsules.name, entry.capsule))
    .for('update');
  if (locked?.id !== entry.capsuleId) throw new Conflict(`${entry.capsule} is known here under another id`);

  const { status, revision } = entry;
  const changed = await tx
    .insert(catalogueVersions)
    .values({
      id: entry.versionId,
      capsuleId: entry.capsuleId,
      version: entry.version,
      digest: entry.digest,
      sizeBytes: entry.sizeBytes,
      manifest: entry.manifest,
      signature: entry.signature,
      publicKeyPem: entry.publicKeyPem,
      status,
      revision,
      publishedAt: new Date(entry.publishedAt),
    })
    .onConflictDoUpdate({
      target: catalogueVersions.id,
      set: { status, revision },
      setWhere: sql`${catalogueVersions.revision} < ${revision}`,
    })
    .returning({ id: catalogueVersions.id });
  if (changed.length > 0) await refreshListing(tx, entry);
}

/** The listing shows the latest active version; where none is active, the greatest, and it no longer offers one. */
async function refreshListing(tx: Transaction, { capsuleId }: CatalogueEntry): Promise<void> {
  const versions = await tx
    .select({ id: catalogueVersions.id, version: catalogueVersions.version, status: catalogueVersions.status })
    .from(catalogueVersions)
    .where(eq(catalogueVersions.capsuleId, capsuleId));
  const latest = latestActive(versions);
  const shown = latest ?? versions.toSorted((a, b) => semver.rcompare(a.version, b.version))[0];
  if (!shown) return;

  const [row] = await tx.select().from(catalogueVersions).where(eq(catalogueVersions.id, shown.id));
  if (!row) return;
  await tx
    .update(catalogueCapsules)
    .set({
      ...listingOf(Manifest.parse(row.manifest)),
      latestVersion: latest?.version ?? null,
      latestDigest: row.digest,
      revision: sql`${catalogueCapsules.revision} + 1`,
      updatedAt: row.publishedAt,
    })
    .where(eq(catalogueCapsules.id, capsuleId));
}

function firstListing(entry: CatalogueEntry) {
  return {
    ...listingOf(Manifest.parse(entry.manifest)),
    id: entry.capsuleId,
    name: entry.capsule,
    homeCell: entry.homeCell,
    latestVersion: null,
    latestDigest: entry.digest,
    revision: 0,
    updatedAt: new Date(entry.publishedAt),
  };
}

function listingOf(manifest: Manifest) {
  return {
    title: manifest.title,
    description: manifest.description,
    license: manifest.license,
    categories: manifest.categories,
    keywords: manifest.keywords,
    runtime: manifest.runtime,
    permissions: permissionsOf(manifest),
    perRunNanos: manifest.pricing.perRunNanos?.toString() ?? null,
  };
}
