import { and, eq, exists, isNull, or } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import { datasetParts, installations } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';

export interface Filled {
  readonly id: InstallationId;
  readonly datasetRetentionDays: Readonly<Record<string, number>>;
}

/** The caller's own installation: also one that was removed, while rows of it are still kept. @throws NotFound */
export async function findFilled({ tenant, db }: Ctx, id: InstallationId): Promise<Filled> {
  const hasRows = exists(db.select().from(datasetParts).where(eq(datasetParts.installationId, installations.id)));
  const [row] = await db
    .select({ id: installations.id, datasetRetentionDays: installations.datasetRetentionDays })
    .from(installations)
    .where(
      and(
        eq(installations.id, id),
        eq(installations.tenantId, tenant.id),
        or(isNull(installations.removedAt), hasRows),
      ),
    );
  if (!row) throw new NotFound('installation');
  return row;
}
