import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';

import type { AuditRecord } from '#contracts/audit';
import type { RunId } from '#contracts/ids';

import type { Ctx } from '../../context.ts';
import type { Prepared } from './prepare.ts';
import type { Keyed } from './replay.ts';

export interface NewRun extends Keyed {
  readonly id: RunId;
  readonly inputText: string;
  readonly createdAt: Date;
}

/** What the statement saw and did. Neither known nor started: what the release was chosen under no longer holds. */
export const StartRow = z.object({
  is_known: z.boolean(),
  is_started: z.boolean(),
  budget: z.object({ limitNanos: z.string().transform(BigInt), revision: z.int() }).nullable(),
});
export type StartRow = z.infer<typeof StartRow>;

/**
 * Everything about a run's start that must be true together, in one statement: the key is unused, the tenant's installation
 * and the capsule are as they were when the release was chosen, and then key, run and evidence are written.
 */
export function startStatement({ tenant }: Ctx, prepared: Prepared, run: NewRun, record: AuditRecord): SQL {
  const { installationId, installationRevision, capsuleRevision, release } = prepared;
  const createdAt = sql`${run.createdAt.toISOString()}::timestamptz`;
  return sql`
    with known as (
      select from idempotency_keys where tenant_id = ${tenant.id} and key = ${run.idempotencyKey}
    ), current as (
      select from installations i join catalogue_capsules c on c.name = i.capsule
      where i.id = ${installationId} and i.tenant_id = ${tenant.id} and i.removed_at is null
        and i.revision = ${installationRevision}::int and c.revision = ${capsuleRevision}::int
    ), claimed as (
      insert into idempotency_keys (tenant_id, key, request_hash, target, created_at)
      select ${tenant.id}, ${run.idempotencyKey}, ${run.requestHash}, ${run.id}, ${createdAt}
      from current where not exists (select from known)
      on conflict do nothing
      returning target
    ), started as (
      insert into runs (id, tenant_id, installation_id, version_id, capsule, version, digest, state, input, created_at)
      select target, ${tenant.id}, ${installationId}, ${release.id}, ${release.manifest.name}, ${release.version},
        ${release.digest}, 'queued', ${run.inputText}::json, ${createdAt}
      from claimed
      returning id
    ), entry as (
      insert into audit_entries (id, tenant_id, record)
      select ${record.id}, ${tenant.id}, ${JSON.stringify(record)}::jsonb from started
    )
    select exists (select from known) as is_known, exists (select from started) as is_started,
      (select json_build_object('limitNanos', limit_nanos::text, 'revision', revision)
        from budgets where tenant_id = ${tenant.id}) as budget`;
}
