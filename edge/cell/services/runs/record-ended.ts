import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf } from '#contracts/ids';
import { storable } from '#contracts/json';
import { RunEnded } from '#contracts/objects';

import { requireSystem, type Verb } from '../../context.ts';
import { insertArtifacts } from '../artifacts/record.ts';
import { auditRecord } from '../audit/record.ts';
import { commitState } from '../capsule-state/commit.ts';
import { insertDatasetParts } from '../datasets/record.ts';
import { installationLock } from '../installations/lock.ts';
import { enqueueRunEnded } from '../webhooks/enqueue.ts';
import { writeOnce } from '../write-once.ts';
import { egressRecords } from './egress-records.ts';

const Ended = RunEnded.extend({ runId: idOf('run') });

/**
 * Records how a run ended. A run ends once: what is terminal stays as it is, so that this may be told any number of times.
 * A run that was refused is a refusal in the tenant's log too.
 */
export async function recordRunEnded({ ctx, input }: Verb<RunEnded>): Promise<void> {
  requireSystem(ctx);
  const { runId, outcome, usage, amountNanos, output, receipt, startedAtMs, endedAtMs, ...held } = Ended.parse(input);
  const { runnerId, isolation, attempts, egress, artifacts, datasets, stateChanges } = held;
  const { state, cause, exitCode } = outcome;
  const isRefused = state === 'refused';
  const record = auditRecord(ctx, {
    action: 'run.end',
    target: runId,
    outcome: isRefused ? 'refused' : 'success',
    ...(isRefused ? { reason: storable(cause) } : {}),
    details: { state, cause: storable(cause), exitCode, amountNanos, runnerId, isolation, attempts },
  });
  const records = [...egressRecords(ctx, runId, egress), record];
  const commit = { action: 'state.commit', target: runId, details: { changes: stateChanges.length } };
  const kept = {
    done: auditRecord(ctx, commit),
    refused: auditRecord(ctx, { ...commit, outcome: 'refused', reason: 'state_limit' }),
  };
  const startedAt = startedAtMs === null ? null : new Date(startedAtMs).toISOString();
  await writeOnce(
    ctx,
    sql`
      with ended as (
        update runs set state = ${state}, cause = ${storable(cause)}, detail = ${storable(outcome.detail)},
          exit_code = ${exitCode}::int, retry_after_s = ${outcome.retryAfterS ?? null}::int, usage = ${JSON.stringify(usage)}::jsonb, amount_nanos = ${amountNanos}::bigint,
          output = ${JSON.stringify(output)}::json, receipt = ${receipt},
          runner_id = coalesce(${runnerId}, runner_id), attempts = ${attempts}::int,
          started_at = coalesce(${startedAt}::timestamptz, started_at),
          ended_at = ${new Date(endedAtMs).toISOString()}::timestamptz
        where id = ${runId} and tenant_id = ${ctx.tenant.id} and state in ('queued', 'running')
        returning id, installation_id, version_id
      ), told as (${enqueueRunEnded(ctx)}), left_files as (${insertArtifacts(ctx, artifacts, endedAtMs)}),
      left_rows as (${insertDatasetParts(ctx, datasets)}),
      ${commitState(ctx, 'ended', stateChanges, kept)}
      insert into audit_entries (id, tenant_id, record)
      select entry ->> 'id', ${ctx.tenant.id}, entry
      from ended, jsonb_array_elements(${JSON.stringify(records)}::jsonb) as entry`,
    z.unknown(),
    stateChanges.length > 0 || datasets.length > 0 || artifacts.length > 0
      ? installationLock(sql`select installation_id from runs where id = ${runId}`)
      : undefined,
  );
}
