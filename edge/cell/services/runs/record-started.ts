import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf } from '#contracts/ids';

import { requireSystem, type Verb } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { writeOnce } from '../write-once.ts';

export const RunStarted = z.object({
  runId: idOf('run'),
  startedAtMs: z.int(),
  runnerId: idOf('rnr'),
  attempt: z.int().min(1),
});

/** Records that a runner took a run. Idempotent: only a queued run begins to run, only a later attempt takes its place, and each leaves an entry. */
export async function recordRunStarted({ ctx, input }: Verb<z.input<typeof RunStarted>>): Promise<void> {
  requireSystem(ctx);
  const { runId, startedAtMs, runnerId, attempt } = RunStarted.parse(input);
  const record = auditRecord(ctx, { action: 'run.place', target: runId, details: { runner: runnerId, attempt } });
  await writeOnce(
    ctx,
    sql`
      with started as (
        update runs set state = 'running', runner_id = ${runnerId}, attempts = ${attempt}::int,
          started_at = ${new Date(startedAtMs).toISOString()}::timestamptz
        where id = ${runId} and tenant_id = ${ctx.tenant.id} and (state = 'queued' or (state = 'running' and attempts < ${attempt}::int))
        returning id
      )
      insert into audit_entries (id, tenant_id, record)
      select ${record.id}, ${ctx.tenant.id}, ${JSON.stringify(record)}::jsonb from started`,
    z.unknown(),
  );
}
