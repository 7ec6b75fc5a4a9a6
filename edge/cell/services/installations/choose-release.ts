import { DomainError } from '#contracts/errors';

import type { Platform } from '../../context.ts';
import { ensureBlob } from '../capsules/ensure-blob.ts';
import type { KnownCapsule } from '../catalogue/find-capsule.ts';
import { loadRelease, type Release } from '../catalogue/load-release.ts';
import { assertApproved } from './permissions.ts';
import { resolveVersion } from './resolve-version.ts';

export interface Choice {
  readonly range: string;
  readonly approved: readonly string[];
}

/**
 * The release that a tenant of this cell gets for its range, checked for all that must hold before it may run here:
 * every permission granted, this region allowed, bundle and layers at hand.
 *
 * @throws NotFound · DomainError `gone` · ApprovalRequired · DomainError `residency_violation` · Unavailable
 */
export async function chooseRelease(platform: Platform, capsule: KnownCapsule, choice: Choice): Promise<Release> {
  const { id } = resolveVersion(capsule.versions, choice.range);
  const release = await loadRelease(platform, id);
  const { allowedRegions } = release.manifest;
  if (allowedRegions && !allowedRegions.includes(platform.cell)) {
    throw new DomainError(
      'residency_violation',
      `${capsule.name} ${release.version} may run in ${allowedRegions.join(', ')} only; your home is ${platform.cell}`,
      { allowedRegions, home: platform.cell },
    );
  }
  assertApproved(release.manifest, choice.approved);
  const { homeCell } = capsule;
  const archives = [release.digest, ...release.manifest.layers];
  await Promise.all(archives.map((digest) => ensureBlob(platform, { digest, homeCell })));
  return release;
}
