import { and, eq, sql } from 'drizzle-orm';

import { type Installation, UpdateInstallation } from '#contracts/api/installations';
import { Conflict } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import { installations } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { findCapsule } from '../catalogue/find-capsule.ts';
import { followRetention } from '../retention/follow.ts';
import { transact } from '../transact.ts';
import { chooseRelease } from './choose-release.ts';
import { findInstallation } from './find.ts';
import { assertRange } from './resolve-version.ts';
import { installationView } from './view.ts';

export interface UpdateInput {
  readonly id: InstallationId;
  readonly change: UpdateInstallation;
}

/**
 * Changes which versions an installation takes, what it grants, how far its runs are kept apart, how many of its runs may be open at once or how long
 * their files are kept. Refused where the outcome could not run.
 * @throws NotFound · DomainError `gone` · ApprovalRequired · DomainError `residency_violation` · Conflict changed meanwhile
 */
export async function updateInstallation({ ctx, input }: Verb<UpdateInput>): Promise<Installation> {
  requirePermission(ctx, 'installations:write');
  const change = UpdateInstallation.parse(input.change);
  if (change.range !== undefined) assertRange(change.range);

  const before = await findInstallation(ctx, input.id);
  const {
    range = before.range,
    approved = before.approved,
    isolation = before.isolation,
    maxConcurrentRuns = before.maxConcurrentRuns,
    artifactRetentionDays = before.artifactRetentionDays,
  } = change;
  const settings = { range, approved, isolation, maxConcurrentRuns, artifactRetentionDays };
  const release = await chooseRelease(ctx, await findCapsule(ctx, before.capsule), { range, approved });

  return transact(ctx, async (tx) => {
    const [after] = await tx
      .update(installations)
      .set({
        ...settings,
        revision: sql`${installations.revision} + 1`,
        updatedAt: ctx.now(),
      })
      .where(
        and(
          eq(installations.id, before.id),
          eq(installations.tenantId, ctx.tenant.id),
          eq(installations.revision, before.revision),
        ),
      )
      .returning();
    if (!after) throw new Conflict('the installation was changed meanwhile; read it again');
    if (artifactRetentionDays !== before.artifactRetentionDays)
      await followRetention(tx, { installationId: after.id, kind: 'artifact' }, ctx.now());
    await recordAudit(tx, ctx, {
      action: 'installation.update',
      target: after.id,
      details: { capsule: after.capsule, ...settings, version: release.version },
    });
    return installationView(after);
  });
}
