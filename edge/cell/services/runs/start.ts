import { StartRunRequest } from '#contracts/api/runs';
import { sha256, toHex } from '#contracts/digest';
import { Conflict, DomainError } from '#contracts/errors';
import { newId } from '#contracts/ids';
import type { Run } from '#contracts/run';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { writeOnce } from '../write-once.ts';
import { type Beginning, begin } from './begin.ts';
import { forget, type Prepared, prepare } from './prepare.ts';
import { replay } from './replay.ts';
import { StartRow, startStatement } from './start-statement.ts';
import { validateInput } from './validate-input.ts';

export interface StartInput {
  readonly request: StartRunRequest;
  readonly idempotencyKey?: string | undefined;
}

/** How often a start that raced a change to what it depends on looks again. */
const MAX_ATTEMPTS = 4;

/**
 * Starts a run of an installed capsule. The version's own schema judges the input before anything is written; run, evidence
 * and idempotency key commit together; then the run's object takes over.
 *
 * Idempotent by the caller's key: the same key with the same request answers with the same run.
 * @throws InvalidInput · NotFound · DomainError `gone` · ApprovalRequired · DomainError `residency_violation` · Conflict
 * · DomainError `idempotency_key_reused` the key belongs to another request
 */
export async function startRun({ ctx, input }: Verb<StartInput>): Promise<Run> {
  requirePermission(ctx, 'runs:write');
  const request = StartRunRequest.parse(input.request);
  const inputText = JSON.stringify(request.input);
  const id = newId('run');
  const keyed = { idempotencyKey: input.idempotencyKey ?? id, requestHash: await hashOf(request) };

  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const prepared = await prepare(ctx, request);
      validateInput(prepared.release, request.input, inputText.length);

      const createdAt = ctx.now();
      const run = queuedRun(ctx, prepared, id, createdAt);
      const { installationId, capsule, version, digest } = run;
      const record = auditRecord(ctx, {
        action: 'run.start',
        target: id,
        details: { installationId, capsule, version, digest },
      });
      const statement = startStatement(ctx, prepared, { ...keyed, id, inputText, createdAt }, record);
      const [row] = await writeOnce(ctx, statement, StartRow);

      if (row?.is_started) {
        await handOver(ctx, { run, release: prepared.release, input: request.input, budget: row.budget });
        return run;
      }
      if (row?.is_known) break;
      forget(ctx, request);
    }
  } catch (refusal) {
    // What was started once stays started, even where it could not be started again.
    const earlier = refusal instanceof DomainError ? await replay(ctx, keyed) : undefined;
    if (earlier) return earlier;
    throw refusal;
  }
  const earlier = await replay(ctx, keyed);
  if (earlier) return earlier;
  throw new Conflict('the installation or the capsule keeps changing; try again');
}

async function hashOf(request: StartRunRequest): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(JSON.stringify(request))));
}

function queuedRun({ tenant, cell }: Ctx, { installationId, release }: Prepared, id: Run['id'], createdAt: Date): Run {
  return {
    id,
    tenantId: tenant.id,
    installationId,
    capsule: release.manifest.name,
    version: release.version,
    digest: release.digest,
    cell,
    state: 'queued',
    cause: null,
    detail: null,
    exitCode: null,
    output: null,
    usage: null,
    amountNanos: null,
    receipt: null,
    createdAt: createdAt.toISOString(),
    startedAt: null,
    endedAt: null,
  };
}

/** The run is recorded: where its object cannot be reached now, the sweep begins it. */
async function handOver(ctx: Ctx, beginning: Beginning): Promise<void> {
  try {
    await begin(ctx, beginning);
  } catch (error) {
    const { requestId } = ctx;
    console.warn(
      JSON.stringify({
        level: 'warn',
        requestId,
        runId: beginning.run.id,
        message: 'begin failed; the sweep begins it',
        cause: String(error),
      }),
    );
  }
}
