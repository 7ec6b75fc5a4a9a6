import { and, eq, isNull } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { installations } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import type { InstallationRow } from './view.ts';

/** The caller's own installation. Another tenant's is as unknown as one that never was. @throws NotFound */
export async function findInstallation(
  { tenant, db }: Ctx,
  id: InstallationId,
  source: Transaction | Ctx['db'] = db,
): Promise<InstallationRow> {
  const [row] = await source
    .select()
    .from(installations)
    .where(and(eq(installations.id, id), eq(installations.tenantId, tenant.id), isNull(installations.removedAt)));
  if (!row) throw new NotFound('installation');
  return row;
}

export async function findByCapsule({ tenant, db }: Ctx, capsule: string): Promise<InstallationRow | undefined> {
  const [row] = await db
    .select()
    .from(installations)
    .where(
      and(eq(installations.tenantId, tenant.id), eq(installations.capsule, capsule), isNull(installations.removedAt)),
    );
  return row;
}
