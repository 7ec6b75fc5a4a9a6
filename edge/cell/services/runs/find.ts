import { and, eq } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { RunId } from '#contracts/ids';
import type { Run } from '#contracts/run';
import { runs } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import { artifactsOf } from '../artifacts/of-run.ts';
import { RUN_COLUMNS, runView } from './view.ts';

/** The caller's own run. Another tenant's is as unknown as one that never was. @throws NotFound */
export async function findRun(ctx: Ctx, id: RunId): Promise<Run> {
  const { db, tenant, cell } = ctx;
  const isOwn = and(eq(runs.id, id), eq(runs.tenantId, tenant.id));
  const [[row], artifacts] = await Promise.all([db.select(RUN_COLUMNS).from(runs).where(isOwn), artifactsOf(ctx, id)]);
  if (!row) throw new NotFound('run');
  return runView(row, artifacts, cell);
}
