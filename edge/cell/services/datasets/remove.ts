import { DatasetPath } from '#contracts/api/datasets';
import { NotFound } from '#contracts/errors';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { findFilled } from './find-filled.ts';
import { type Forgotten, forgetParts, MOST_PARTS } from './forget.ts';

/**
 * Deletes all rows of a data set, a bounded number of runs in each transaction. What fails in the middle has deleted the oldest, and is asked
 * for again. Runs that end later begin it anew.
 * @throws NotFound no such installation, or nothing was pushed under this name
 */
export async function removeDataset({ ctx, input }: Verb<DatasetPath>): Promise<void> {
  requirePermission(ctx, 'installations:write');
  const path = DatasetPath.parse(input);
  const { id } = await findFilled(ctx, path.id);
  let gone = await removeOldest(ctx, { ...path, id });
  if (gone.runs === 0) throw new NotFound('data set');
  while (gone.runs === MOST_PARTS) gone = await removeOldest(ctx, { ...path, id });
}

function removeOldest(ctx: Ctx, { id: installationId, name }: DatasetPath): Promise<Forgotten> {
  return transact(ctx, async (tx) => {
    const gone = await forgetParts(tx, { installationId, name }, ctx.now());
    if (gone.runs > 0)
      await recordAudit(tx, ctx, { action: 'dataset.remove', target: installationId, details: { name, ...gone } });
    return gone;
  });
}
