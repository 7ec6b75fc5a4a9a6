import { and, eq } from 'drizzle-orm';

import type { RunInput } from '#contracts/api/runs';
import { NotFound } from '#contracts/errors';
import type { RunId } from '#contracts/ids';
import { runs } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';

/** What a run was given. @throws NotFound */
export async function getRunInput({ ctx, input }: Verb<{ readonly id: RunId }>): Promise<RunInput> {
  requirePermission(ctx, 'runs:read');
  const [row] = await ctx.db
    .select({ runId: runs.id, input: runs.input })
    .from(runs)
    .where(and(eq(runs.id, input.id), eq(runs.tenantId, ctx.tenant.id)));
  if (!row) throw new NotFound('run');
  return row;
}
