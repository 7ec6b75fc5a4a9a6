import { and, eq, isNull, sql } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { installations } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';

/** A new revision: what was remembered of this installation no longer holds, and writers wait for each other. @throws NotFound */
export async function revise(tx: Transaction, { tenant }: Ctx, id: InstallationId): Promise<void> {
  const revised = await tx
    .update(installations)
    .set({ revision: sql`${installations.revision} + 1` })
    .where(and(eq(installations.id, id), eq(installations.tenantId, tenant.id), isNull(installations.removedAt)))
    .returning({ id: installations.id });
  if (revised.length === 0) throw new NotFound('installation');
}
