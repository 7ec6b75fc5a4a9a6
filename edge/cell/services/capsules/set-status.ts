import { and, eq, ne, sql } from 'drizzle-orm';

import { type CapsuleVersion, SetVersionStatus, VersionPath } from '#contracts/api/capsules';
import { NotFound } from '#contracts/errors';
import { capsules, capsuleVersions } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { announce } from '../catalogue/announce.ts';
import { versionView } from '../catalogue/view.ts';
import { transact } from '../transact.ts';
import { entryOf } from './entry.ts';

export interface SetStatusInput {
  readonly path: VersionPath;
  readonly change: SetVersionStatus;
}

/**
 * Deprecates, yanks or reinstates a version of the caller's own. Idempotent: setting what is set changes nothing.
 * @throws NotFound
 */
export async function setVersionStatus({ ctx, input }: Verb<SetStatusInput>): Promise<CapsuleVersion> {
  requirePermission(ctx, 'capsules:publish');
  const { publisher, slug, version } = VersionPath.parse(input.path);
  const { status } = SetVersionStatus.parse(input.change);
  const name = `${publisher}/${slug}`;

  return transact(ctx, async (tx) => {
    const [own] = await tx
      .select({ id: capsuleVersions.id })
      .from(capsuleVersions)
      .innerJoin(capsules, eq(capsules.id, capsuleVersions.capsuleId))
      .where(and(eq(capsules.name, name), eq(capsules.tenantId, ctx.tenant.id), eq(capsuleVersions.version, version)));
    if (!own) throw new NotFound('version');

    const [changed] = await tx
      .update(capsuleVersions)
      .set({ status, revision: sql`${capsuleVersions.revision} + 1` })
      .where(and(eq(capsuleVersions.id, own.id), ne(capsuleVersions.status, status)))
      .returning();
    if (changed) {
      await announce(tx, ctx, entryOf(ctx, name, changed));
      await recordAudit(tx, ctx, {
        action: 'capsule.set-status',
        target: own.id,
        details: { capsule: name, version, status },
      });
      return versionView(name, changed);
    }
    const [same] = await tx.select().from(capsuleVersions).where(eq(capsuleVersions.id, own.id));
    if (!same) throw new NotFound('version');
    return versionView(name, same);
  });
}
