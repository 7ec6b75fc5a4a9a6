import type { RunId } from '#contracts/ids';
import type { Run } from '#contracts/run';

import { requirePermission, type Verb } from '../../context.ts';
import { findRun } from './find.ts';

/** @throws NotFound */
export async function getRun({ ctx, input }: Verb<{ readonly id: RunId }>): Promise<Run> {
  requirePermission(ctx, 'runs:read');
  return findRun(ctx, input.id);
}
