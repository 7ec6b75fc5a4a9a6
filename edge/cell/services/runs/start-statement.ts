import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';

import type { AuditRecord } from '#contracts/audit';
import type { RunId, ScheduleId } from '#contracts/ids';

import type { Ctx } from '../../context.ts';
import type { Prepared } from './prepare.ts';
import type { Keyed } from './replay.ts';

export interface NewRun {
  /** None where the caller sent no key: then the run can only be started once by being asked for once. */
  readonly keyed: Keyed | undefined;
  readonly id: RunId;
  readonly inputText: string;
  readonly createdAt: Date;
  readonly rerunOf: RunId | null;
  readonly scheduleId: ScheduleId | null;
  /** What else must hold for it to start. */
  readonly condition: SQL;
}

/** What the statement saw and did. Where what the release was chosen under no longer holds, it saw neither full nor wanted. */
export const StartRow = z.object({
  is_known: z.boolean(),
  is_started: z.boolean(),
  is_full: z.boolean().nullable(),
  is_wanted: z.boolean().nullable(),
  budget: z.object({ limitNanos: z.string().transform(BigInt), revision: z.int() }).nullable(),
});
export type StartRow = z.infer<typeof StartRow>;

/**
 * Everything about a run's start that must be true together, in one statement: the key is unused, the tenant's installation
 * and the capsule are as they were when the release was chosen, there is room for one more, and then key, run and evidence
 * are written. Where it must count, `installationLock` comes first.
 */
export function startStatement({ tenant }: Ctx, prepared: Prepared, run: NewRun, record: AuditRecord): SQL {
  const { installationId, installationRevision, capsuleRevision, isolation, release } = prepared;
  const createdAt = sql`${run.createdAt.toISOString()}::timestamptz`;
  const key = run.keyed?.idempotencyKey ?? null;
  const openRuns = sql`case when i.max_concurrent_runs is not null then
    (select count(*) from runs open where open.installation_id = i.id and open.state in ('queued', 'running')) end`;
  return sql`
    with known as (
      select from idempotency_keys where tenant_id = ${tenant.id} and key = ${key}::text
    ), current as (
      select ${run.condition} as is_wanted, coalesce(${openRuns} >= i.max_concurrent_runs, false) as is_full
      from installations i join catalogue_capsules c on c.name = i.capsule
      where i.id = ${installationId} and i.tenant_id = ${tenant.id} and i.removed_at is null
        and i.revision = ${installationRevision}::int and c.revision = ${capsuleRevision}::int
    ), admitted as (
      select from current where is_wanted and not is_full and not exists (select from known)
    ), keyed as (
      insert into idempotency_keys (tenant_id, key, request_hash, target, created_at)
      select ${tenant.id}, ${key}::text, ${run.keyed?.requestHash ?? null}::text, ${run.id}, ${createdAt}
      from admitted where ${key}::text is not null
      on conflict do nothing
      returning target
    ), claimed as (
      select target from keyed union all select ${run.id} from admitted where ${key}::text is null
    ), started as (
      insert into runs (id, tenant_id, installation_id, rerun_of, schedule_id, version_id, capsule, version, digest, isolation, state, input, created_at)
      select target, ${tenant.id}, ${installationId}, ${run.rerunOf}, ${run.scheduleId}, ${release.id}, ${release.manifest.name}, ${release.version},
        ${release.digest}, ${isolation}, 'queued', ${run.inputText}::json, ${createdAt}
      from claimed
      returning id
    ), entry as (
      insert into audit_entries (id, tenant_id, record)
      select ${record.id}, ${tenant.id}, ${JSON.stringify(record)}::jsonb from started
    )
    select exists (select from known) as is_known, exists (select from started) as is_started,
      (select is_full from current) as is_full, (select is_wanted from current) as is_wanted,
      (select json_build_object('limitNanos', limit_nanos::text, 'revision', revision)
        from budgets where tenant_id = ${tenant.id}) as budget`;
}
