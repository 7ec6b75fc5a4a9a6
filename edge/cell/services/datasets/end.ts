import { and, asc, eq, gt, isNotNull, isNull, or, sql } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import { type Transaction, transaction } from '#db/postgres/client';
import { datasetParts, installations } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { MOST_PARTS } from './forget.ts';

const MOST_STEPS = 10;

interface Ending {
  readonly installationId: InstallationId;
  readonly endsAt: Date;
}

/** Lets rows of an installation expire at `endsAt` that would be kept longer: a bounded number, and answers whether there may be more. */
export async function endParts(tx: Transaction, { installationId, endsAt }: Ending): Promise<boolean> {
  const { runId, name, expiresAt } = datasetParts;
  const longer = tx
    .select({ runId, name })
    .from(datasetParts)
    .where(and(eq(datasetParts.installationId, installationId), or(isNull(expiresAt), gt(expiresAt, endsAt))))
    .orderBy(asc(name), asc(runId))
    .limit(MOST_PARTS);
  const ended = await tx
    .update(datasetParts)
    .set({ expiresAt: endsAt })
    .where(sql`(${runId}, ${name}) in ${longer}`)
    .returning({ runId });
  return ended.length === MOST_PARTS;
}

/** Goes on with the installations that were removed with more rows than one transaction ends; their removal is the evidence. */
export async function endRemovedParts(platform: Platform): Promise<void> {
  const { DATABASE_URL, NEON_LOCAL_PROXY } = platform.env;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const isDone = await transaction(DATABASE_URL, NEON_LOCAL_PROXY, endSome);
    if (isDone) return;
  }
}

async function endSome(tx: Transaction): Promise<boolean> {
  const [removed] = await tx
    .select({ installationId: installations.id, endsAt: installations.rowsEndAt })
    .from(installations)
    .where(isNotNull(installations.rowsEndAt))
    .orderBy(asc(installations.rowsEndAt))
    .limit(1)
    .for('no key update', { skipLocked: true });
  if (!removed?.endsAt) return true;
  const { installationId, endsAt } = removed;
  const areMoreThere = await endParts(tx, { installationId, endsAt });
  if (!areMoreThere)
    await tx.update(installations).set({ rowsEndAt: null }).where(eq(installations.id, installationId));
  return false;
}
