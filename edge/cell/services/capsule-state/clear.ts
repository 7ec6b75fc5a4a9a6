import { and, eq, isNull, sql } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import { installations, installationStates } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { forgetState } from './forget.ts';

/**
 * Deletes all keys; where there are none nothing changes. Runs that are under way started from what was there, and what they change they still do.
 * @throws NotFound
 */
export async function clearState({ ctx, input }: Verb<{ readonly id: InstallationId }>): Promise<void> {
  requirePermission(ctx, 'installations:write');
  await transact(ctx, async (tx) => {
    // Held, as `installationLock` does: whoever else changes the state takes turns with this.
    const [installation] = await tx
      .select({ id: installations.id })
      .from(installations)
      .where(
        and(eq(installations.id, input.id), eq(installations.tenantId, ctx.tenant.id), isNull(installations.removedAt)),
      )
      .for('no key update');
    if (!installation) throw new NotFound('installation');
    const keys = await forgetState(tx, installation.id, ctx.now());
    if (keys === 0) return;
    await tx
      .update(installationStates)
      .set({ revision: sql`${installationStates.revision} + 1`, updatedAt: ctx.now() })
      .where(eq(installationStates.installationId, installation.id));
    await recordAudit(tx, ctx, { action: 'state.clear', target: installation.id, details: { keys } });
  });
}
