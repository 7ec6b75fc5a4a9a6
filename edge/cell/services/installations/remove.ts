import { and, eq, isNull, sql } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import { installations, installationSecrets, schedules } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { forgetState } from '../capsule-state/forget.ts';
import { followRetention } from '../retention/follow.ts';
import { transact } from '../transact.ts';

/**
 * Removes an installation: nothing more starts from it, its schedules are disabled, its secrets and its state forgotten. Its rows expire some
 * weeks later, and its past runs stay.
 * @throws NotFound
 */
export async function removeInstallation({ ctx, input }: Verb<{ readonly id: InstallationId }>): Promise<void> {
  requirePermission(ctx, 'installations:write');

  await transact(ctx, async (tx) => {
    const [removed] = await tx
      .update(installations)
      .set({ removedAt: ctx.now(), revision: sql`${installations.revision} + 1` })
      .where(
        and(eq(installations.id, input.id), eq(installations.tenantId, ctx.tenant.id), isNull(installations.removedAt)),
      )
      .returning({ capsule: installations.capsule });
    if (!removed) throw new NotFound('installation');
    const disabled = await tx
      .update(schedules)
      .set({ isEnabled: false, nextAt: null, revision: sql`${schedules.revision} + 1`, updatedAt: ctx.now() })
      .where(and(eq(schedules.installationId, input.id), eq(schedules.isEnabled, true)))
      .returning({ id: schedules.id });
    await forgetState(tx, input.id, ctx.now());
    await followRetention(tx, { installationId: input.id, kind: 'dataset' }, ctx.now());
    await tx.delete(installationSecrets).where(eq(installationSecrets.installationId, input.id));
    await recordAudit(tx, ctx, {
      action: 'installation.remove',
      target: input.id,
      details: { capsule: removed.capsule, schedulesDisabled: disabled.map(({ id }) => id) },
    });
  });
}
