import { sql } from 'drizzle-orm';
import { z } from 'zod';

import type { RunId } from '#contracts/ids';
import type { Run } from '#contracts/run';

import { requirePermission, type Verb } from '../../context.ts';
import { runObject } from '../../objects.ts';
import { auditRecord } from '../audit/record.ts';
import { writeOnce } from '../write-once.ts';
import { findRun } from './find.ts';

/**
 * Asks a run to end. Idempotent; a run that has ended stays as it ended. The wish is recorded first, so that it is
 * carried out even where the run's object cannot be reached now.
 *
 * @throws NotFound
 */
export async function cancelRun({ ctx, input }: Verb<{ readonly id: RunId }>): Promise<Run> {
  requirePermission(ctx, 'runs:write');
  const { id } = await findRun(ctx, input.id);
  const record = auditRecord(ctx, { action: 'run.cancel', target: id });
  await writeOnce(
    ctx,
    sql`
      with requested as (
        update runs set cancel_requested_at = ${record.time}::timestamptz
        where id = ${id} and tenant_id = ${ctx.tenant.id} and state in ('queued', 'running')
          and cancel_requested_at is null
        returning id
      )
      insert into audit_entries (id, tenant_id, record)
      select ${record.id}, ${ctx.tenant.id}, ${JSON.stringify(record)}::jsonb from requested`,
    z.unknown(),
  );
  await runObject(ctx, id).cancel();
  return findRun(ctx, id);
}
