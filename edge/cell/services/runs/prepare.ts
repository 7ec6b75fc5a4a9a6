import type { StartRunRequest } from '#contracts/api/runs';
import { Conflict, NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';

import type { Ctx } from '../../context.ts';
import { BoundedMap } from '../bounded-map.ts';
import { findCapsule } from '../catalogue/find-capsule.ts';
import type { Release } from '../catalogue/load-release.ts';
import { chooseRelease } from '../installations/choose-release.ts';
import { findByCapsule, findInstallation } from '../installations/find.ts';

/**
 * Which release an installation runs, and the two revisions under which that was true. Whoever acts on it checks in the same
 * statement that both still hold: a remembered answer is never trusted, only spared.
 */
export interface Prepared {
  readonly installationId: InstallationId;
  readonly installationRevision: number;
  readonly capsuleRevision: number;
  readonly release: Release;
}

export type Selector = Pick<StartRunRequest, 'installation' | 'capsule'>;

const remembered = new BoundedMap<string, Prepared>(2_000);

function keyOf({ tenant }: Ctx, { installation, capsule }: Selector): string {
  return `${tenant.id} ${installation ?? capsule}`;
}

/** Forgets what was remembered, after a statement found that it no longer holds. */
export function forget(ctx: Ctx, selector: Selector): void {
  remembered.delete(keyOf(ctx, selector));
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
  const release = await chooseRelease(ctx, capsule, installation);
  assertNeedsNoSecret(release);

  const prepared = {
    installationId: installation.id,
    installationRevision: installation.revision,
    capsuleRevision: capsule.revision,
    release,
  };
  remembered.set(key, prepared);
  return prepared;
}

/** An installation holds no secret values, so that a run which cannot do without one would only fail later. */
function assertNeedsNoSecret({ manifest }: Release): void {
  const required = manifest.secrets.filter((secret) => secret.required).map(({ name }) => name);
  if (required.length === 0) return;
  throw new Conflict(`${manifest.name} needs the secrets ${required.join(', ')}, and the installation holds none`, {
    missingSecrets: required,
  });
}
