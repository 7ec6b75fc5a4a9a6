import { sql } from 'drizzle-orm';

import { Install, type Installation } from '#contracts/api/installations';
import { Conflict } from '#contracts/errors';
import { newId } from '#contracts/ids';
import { installations } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { findCapsule } from '../catalogue/find-capsule.ts';
import { transact } from '../transact.ts';
import { chooseRelease } from './choose-release.ts';
import { findByCapsule } from './find.ts';
import { assertRange, defaultRange } from './resolve-version.ts';
import { installationView } from './view.ts';

/**
 * Installs a capsule for the caller's tenant: records which versions it takes and which permissions it grants.
 * Idempotent by (tenant, capsule): installing again returns the first installation as it is.
 *
 * @throws NotFound no such capsule, or no version in the range · DomainError `gone` what matches was yanked
 * · ApprovalRequired a permission is not granted · DomainError `residency_violation` it may not run in the tenant's home
 */
export async function installCapsule({ ctx, input }: Verb<Install>): Promise<Installation> {
  requirePermission(ctx, 'installations:write');
  const { capsule: name, range: wanted, approved, isolation, ...stated } = Install.parse(input);
  const { maxConcurrentRuns = null, artifactRetentionDays = null } = stated;
  if (wanted !== undefined) assertRange(wanted);

  const existing = await findByCapsule(ctx, name);
  if (existing) return installationView(existing);

  const capsule = await findCapsule(ctx, name);
  const range = wanted ?? defaultRange(capsule.versions);
  const release = await chooseRelease(ctx, capsule, { range, approved });

  const now = ctx.now();
  const settings = { range, approved, isolation, maxConcurrentRuns, artifactRetentionDays };
  const row = {
    id: newId('ins'),
    tenantId: ctx.tenant.id,
    capsule: name,
    ...settings,
    createdAt: now,
    updatedAt: now,
  };
  const inserted = await transact(ctx, async (tx) => {
    const [installation] = await tx
      .insert(installations)
      .values(row)
      .onConflictDoNothing({ target: [installations.tenantId, installations.capsule], where: sql`removed_at is null` })
      .returning();
    if (!installation) return undefined;
    await recordAudit(tx, ctx, {
      action: 'installation.create',
      target: installation.id,
      details: { capsule: name, ...settings, version: release.version },
    });
    return installation;
  });

  // Whoever lost a race against the same call elsewhere answers with the winner's.
  const installation = inserted ?? (await findByCapsule(ctx, name));
  if (!installation) throw new Conflict(`${name} was installed and removed meanwhile; try again`);
  return installationView(installation);
}
