import type { RunReceipt } from '#contracts/api/runs';
import { NotFound } from '#contracts/errors';
import type { RunId } from '#contracts/ids';

import { requirePermission, type Verb } from '../../context.ts';
import { findRun } from './find.ts';

/** @throws NotFound no such run, or it has no receipt: it has not ended, or never reached a runner */
export async function getRunReceipt({ ctx, input }: Verb<{ readonly id: RunId }>): Promise<RunReceipt> {
  requirePermission(ctx, 'runs:read');
  const { id, receipt, state } = await findRun(ctx, input.id);
  if (receipt === null) throw new NotFound(`receipt: the run is ${state}`);
  return { runId: id, receipt };
}
