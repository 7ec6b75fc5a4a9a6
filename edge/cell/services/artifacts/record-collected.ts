import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf } from '#contracts/ids';
import { RunCollected } from '#contracts/objects';

import { requireSystem, type Verb } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { writeOnce } from '../write-once.ts';

const Collected = RunCollected.extend({ runId: idOf('run') });

/**
 * Records which of the files and rows of a run came into the bucket; the rest is lost. What was recorded stays, so that this may be told any
 * number of times. From here on what came is metered as stored. Rows of a data set that was deleted meanwhile came for nothing, and their
 * object is marked for the sweep; who deletes it is waited for first.
 */
export async function recordRunCollected({ ctx, input }: Verb<RunCollected>): Promise<void> {
  requireSystem(ctx);
  const { runId, artifactSha256s, datasetNames } = Collected.parse(input);
  const record = auditRecord(ctx, {
    action: 'run.collect',
    target: runId,
    details: { files: artifactSha256s.length, datasets: datasetNames.length },
  });
  const at = sql`${record.time}::timestamptz`;
  await writeOnce(
    ctx,
    sql`
      with files as (
        update artifacts set state = case when sha256 in (select json_array_elements_text(${JSON.stringify(artifactSha256s)}::json))
          then 'stored' else 'lost' end
        where run_id = ${runId} and tenant_id = ${ctx.tenant.id} and state = 'pending'
        returning sha256, size_bytes, state
      ), parts as (
        update dataset_parts set state = case when name in (select json_array_elements_text(${JSON.stringify(datasetNames)}::json))
          then 'stored' else 'lost' end
        where run_id = ${runId} and tenant_id = ${ctx.tenant.id} and state = 'pending'
        returning name, size_bytes, state
      ), stored as (
        insert into stored_objects (tenant_id, kind, key, size_bytes, stored_from)
        select distinct ${ctx.tenant.id}, 'artifact', 'artifacts/' || ${ctx.tenant.id} || '/' || sha256, size_bytes, ${at}
        from files where state = 'stored'
        union all
        select ${ctx.tenant.id}, 'dataset', 'datasets/' || ${ctx.tenant.id} || '/' || ${runId} || '/' || name || '.ndjson',
          size_bytes, ${at}
        from parts where state = 'stored'
        on conflict (key) where stored_until is null do nothing
      ), strays as (
        insert into stored_objects (tenant_id, kind, key, size_bytes, stored_from, orphaned_at)
        select ${ctx.tenant.id}, 'dataset', 'datasets/' || ${ctx.tenant.id} || '/' || ${runId} || '/' || told.name || '.ndjson',
          0, ${at}, ${at}
        from json_array_elements_text(${JSON.stringify(datasetNames)}::json) as told(name)
        where not exists (select from dataset_parts part where part.run_id = ${runId} and part.name = told.name)
        on conflict (key) where stored_until is null do update
          set orphaned_at = coalesce(stored_objects.orphaned_at, excluded.orphaned_at)
      )
      insert into audit_entries (id, tenant_id, record)
      select ${record.id}, ${ctx.tenant.id}, ${JSON.stringify(record)}::jsonb
      where exists (select from files) or exists (select from parts)`,
    z.unknown(),
    datasetNames.length > 0 ? sql`select from dataset_parts where run_id = ${runId} for no key update` : undefined,
  );
}
