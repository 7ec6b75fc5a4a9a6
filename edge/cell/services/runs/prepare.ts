import semver from 'semver';

import type { StartRunRequest } from '#contracts/api/runs';
import { BoundedMap } from '#contracts/bounded-map';
import { Conflict, NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import { isolationFor, type IsolationClass } from '#contracts/isolation';

import type { Ctx } from '../../context.ts';
import { findCapsule } from '../catalogue/find-capsule.ts';
import type { Release } from '../catalogue/load-release.ts';
import { chooseRelease } from '../installations/choose-release.ts';
import { findByCapsule, findInstallation } from '../installations/find.ts';
import { assertNoSecretMissing, grantedSecrets, type SealedSecrets } from '../secrets/granted.ts';

/**
 * Which release an installation runs, and the two revisions under which that was true. Whoever acts on it checks in the same
 * statement that both still hold: a remembered answer is never trusted, only spared.
 */
export interface Prepared {
  readonly installationId: InstallationId;
  readonly installationRevision: number;
  readonly capsuleRevision: number;
  readonly isolation: IsolationClass;
  readonly maxConcurrentRuns: number | null;
  readonly release: Release;
  /** Setting one changes the installation's revision. */
  readonly secrets: SealedSecrets;
}

/** Which installation, and which of its versions: where it names none, the one the installation takes now. */
export interface Selector extends Pick<StartRunRequest, 'installation' | 'capsule'> {
  readonly version?: string | undefined;
}

const remembered = new BoundedMap<string, Prepared>(2_000);

function keyOf({ tenant }: Ctx, { installation, capsule, version = '' }: Selector): string {
  return `${tenant.id} ${installation ?? capsule} ${version}`;
}

/** Forgets what was remembered, after a statement found that it no longer holds. */
export function forget(ctx: Ctx, selector: Selector): void {
  remembered.delete(keyOf(ctx, selector));
}

/** As `prepare`, without what was remembered: for whoever answers by it, and has no statement that checks the revisions. */
export async function prepareAnew(ctx: Ctx, selector: Selector): Promise<Prepared> {
  forget(ctx, selector);
  return prepare(ctx, selector);
}

/** @throws NotFound · DomainError `gone` · ApprovalRequired · DomainError `residency_violation` · Conflict · Unavailable */
export async function prepare(ctx: Ctx, selector: Selector): Promise<Prepared> {
  const key = keyOf(ctx, selector);
  const known = remembered.get(key);
  if (known) return known;

  const installation =
    selector.installation === undefined
      ? await findByCapsule(ctx, selector.capsule ?? '')
      : await findInstallation(ctx, selector.installation);
  if (!installation) throw new NotFound(`installation of ${selector.capsule}`);
  const capsule = await findCapsule(ctx, installation.capsule);
  const range = selector.version ?? installation.range;
  if (selector.version !== undefined) assertInRange(selector.version, installation);
  const release = await chooseRelease(ctx, capsule, { range, approved: installation.approved });
  const secrets = await grantedSecrets(ctx, installation.id, release.manifest);
  assertNoSecretMissing(release.manifest, secrets);

  const prepared = {
    installationId: installation.id,
    installationRevision: installation.revision,
    capsuleRevision: capsule.revision,
    isolation: isolationFor({
      capsule: release.manifest.isolation,
      installation: installation.isolation ?? undefined,
      isPublisherVerified: capsule.isPublisherVerified,
    }),
    maxConcurrentRuns: installation.maxConcurrentRuns,
    release,
    secrets,
  };
  remembered.set(key, prepared);
  return prepared;
}

/** What the installation takes is its tenant's choice; a run that names a version does not reach around it. */
function assertInRange(version: string, { capsule, range }: { capsule: string; range: string }): void {
  if (semver.satisfies(version, range)) return;
  throw new Conflict(`the installation takes ${capsule} ${range}, and ${version} is not in it`, { version, range });
}
