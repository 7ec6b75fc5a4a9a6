import { and, eq, isNull, sql } from 'drizzle-orm';

import { DatasetPath, DatasetRetention } from '#contracts/api/datasets';
import { Conflict, NotFound } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { installations } from '#db/postgres/schema/index';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { followRetention } from '../retention/follow.ts';
import { transact } from '../transact.ts';

/** More names than its versions are likely ever to have. */
const MOST_RETENTIONS = 64;

export interface RetentionInput {
  readonly path: DatasetPath;
  readonly retention: DatasetRetention;
}

/**
 * Says how long an installation's rows are kept: those to come, and those that are there. What is older than that goes with the next sweeps.
 * @throws NotFound · Conflict there are too many
 */
export async function setDatasetRetention({ ctx, input }: Verb<RetentionInput>): Promise<DatasetRetention> {
  requirePermission(ctx, 'installations:write');
  const { id, name } = DatasetPath.parse(input.path);
  const { days } = DatasetRetention.parse(input.retention);
  await transact(ctx, async (tx) => {
    const { [name]: _before, ...others } = await holdRetentions(tx, ctx, id);
    const datasetRetentionDays = days === null ? others : { ...others, [name]: days };
    if (Object.keys(datasetRetentionDays).length > MOST_RETENTIONS)
      throw new Conflict(`an installation states at most ${MOST_RETENTIONS} retentions; take one back first`);
    await tx
      .update(installations)
      .set({ datasetRetentionDays, revision: sql`${installations.revision} + 1`, updatedAt: ctx.now() })
      .where(eq(installations.id, id));
    await followRetention(tx, { installationId: id, kind: 'dataset' }, ctx.now());
    await recordAudit(tx, ctx, { action: 'dataset.set-retention', target: id, details: { name, days } });
  });
  return { days };
}

/** Whoever records rows of the installation's runs waits until this commits (`installationLock`), and then finds the new word. */
async function holdRetentions(tx: Transaction, { tenant }: Ctx, id: InstallationId) {
  const [row] = await tx
    .select({ stated: installations.datasetRetentionDays })
    .from(installations)
    .where(and(eq(installations.id, id), eq(installations.tenantId, tenant.id), isNull(installations.removedAt)))
    .for('no key update');
  if (!row) throw new NotFound('installation');
  return row.stated;
}
