import { eq } from 'drizzle-orm';

import { CapsulePath, type CapsuleVersion } from '#contracts/api/capsules';
import { BUNDLE_MEDIA_TYPE } from '#contracts/bundle';
import { Conflict, DomainError } from '#contracts/errors';
import { type CapsuleId, newId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { capsules, capsuleVersions } from '#db/postgres/schema/index';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { announce } from '../catalogue/announce.ts';
import { getVersion } from '../catalogue/get-version.ts';
import { versionView } from '../catalogue/view.ts';
import { holdPublisherKey } from '../publisher-keys/hold.ts';
import { transact } from '../transact.ts';
import { holdArchive, storeArchive } from './blobs.ts';
import { entryOf } from './entry.ts';
import type { Upload } from './read-upload.ts';
import { verifyRelease } from './verify-release.ts';
import { assertIncreasing } from './version-order.ts';

export interface PublishInput {
  readonly path: CapsulePath;
  readonly upload: Upload;
}

export interface Published {
  readonly version: CapsuleVersion;
  /** False where the same bytes were published under this version before: nothing was changed. */
  readonly isNew: boolean;
}

/**
 * Publishes a signed bundle as an immutable version; the first one makes the capsule. The bundle is stored under its digest once the version is
 * surely its own, and before the transaction commits: whatever is known can be fetched, and what is refused stores nothing.
 *
 * @throws DomainError `invalid_bundle` · `invalid_manifest` · `signature_invalid` · `digest_mismatch` · `version_not_increasing`
 * · `forbidden` the name is another publisher's · Conflict this version has other bytes
 */
export async function publish({ ctx, input }: Verb<PublishInput>): Promise<Published> {
  requirePermission(ctx, 'capsules:publish');
  const path = CapsulePath.parse(input.path);
  assertOwnName(ctx, path);
  const release = await verifyRelease(ctx, path, input.upload);

  const name = `${path.publisher}/${path.slug}`;
  const earlier = placeOf(await versionsOf(ctx.db, name), release.version, release.digest);
  if (earlier)
    return { version: await getVersion({ ctx, input: { ...path, version: release.version } }), isNew: false };

  const written = await transact(ctx, async (tx) => {
    const capsuleId = await lockCapsule(tx, ctx, name);
    await holdPublisherKey(tx, release.key.id);
    // Whoever lost the race for this version finds what the winner wrote once the lock is theirs.
    if (placeOf(await versionsOf(tx, name), release.version, release.digest)) return undefined;

    const row = {
      id: newId('ver'),
      capsuleId,
      version: release.version,
      digest: release.digest,
      sizeBytes: input.upload.bundle.length,
      manifest: release.document,
      signature: release.signature,
      publisherKeyId: release.key.id,
      publicKeyPem: release.key.publicKeyPem,
      status: 'active' as const,
      revision: 1,
      publishedAt: ctx.now(),
    };
    await tx.insert(capsuleVersions).values(row);
    await holdArchive(tx, release.digest);
    await storeArchive(ctx, release.digest, input.upload.bundle, BUNDLE_MEDIA_TYPE);
    await announce(tx, ctx, entryOf(ctx, name, row));
    const { id, version, digest, sizeBytes, publisherKeyId } = row;
    await recordAudit(tx, ctx, {
      action: 'capsule.publish',
      target: id,
      details: { capsule: name, version, digest, sizeBytes, publisherKeyId },
    });
    return row;
  });
  return written
    ? { version: versionView(name, written), isNew: true }
    : { version: await getVersion({ ctx, input: { ...path, version: release.version } }), isNew: false };
}

function assertOwnName({ tenant }: Ctx, { publisher }: CapsulePath): void {
  if (publisher === tenant.handle) return;
  throw new DomainError('forbidden', `you publish as ${tenant.handle}; ${publisher}/… is not yours`);
}

type Placed = Pick<typeof capsuleVersions.$inferSelect, 'version' | 'digest'>;

async function versionsOf(
  source: Pick<Transaction, 'select'> | Pick<Ctx['db'], 'select'>,
  name: string,
): Promise<Placed[]> {
  return source
    .select({ version: capsuleVersions.version, digest: capsuleVersions.digest })
    .from(capsuleVersions)
    .innerJoin(capsules, eq(capsules.id, capsuleVersions.capsuleId))
    .where(eq(capsules.name, name));
}

/** Where a release fits among the published ones: it was there before, or it may come next. */
function placeOf(published: readonly Placed[], version: string, digest: string): Placed | undefined {
  const same = published.find((row) => row.version === version);
  if (same && same.digest !== digest) {
    throw new Conflict(`${version} was published with other bytes; a version never changes, publish a new one`, {
      digest: same.digest,
    });
  }
  if (!same)
    assertIncreasing(
      published.map((row) => row.version),
      version,
    );
  return same;
}

/** The capsule's row orders the publications of one capsule. */
async function lockCapsule(tx: Transaction, { tenant, now }: Ctx, name: string): Promise<CapsuleId> {
  await tx
    .insert(capsules)
    .values({ id: newId('cap'), tenantId: tenant.id, name, createdAt: now() })
    .onConflictDoNothing({ target: capsules.name });
  const [capsule] = await tx.select().from(capsules).where(eq(capsules.name, name)).for('update');
  if (capsule?.tenantId !== tenant.id) throw new DomainError('forbidden', `${name} belongs to another publisher`);
  return capsule.id;
}
