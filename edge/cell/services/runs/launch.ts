import { type SQL, sql } from 'drizzle-orm';

import type { AuditRecord } from '#contracts/audit';
import { Conflict, DomainError } from '#contracts/errors';
import { newId, type RunId, type ScheduleId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';
import { jsonSha256 } from '#contracts/json-sha256';
import type { Run } from '#contracts/run';

import type { Ctx } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { installationLock } from '../installations/lock.ts';
import { writeOnce } from '../write-once.ts';
import { type Beginning, begin } from './begin.ts';
import { expecting } from './expecting.ts';
import { forget, type Prepared, prepare, prepareAnew, type Selector } from './prepare.ts';
import { type Keyed, replay } from './replay.ts';
import { StartRow, startStatement } from './start-statement.ts';
import { inputFaults, validateInput } from './validate-input.ts';

export interface Launch {
  readonly selector: Selector;
  readonly input: JsonValue;
  readonly idempotencyKey: string | undefined;
  /** What the key stands for: another request under the same key is refused. */
  readonly request: JsonValue;
  readonly rerunOf?: RunId;
  readonly scheduleId?: ScheduleId;
  /** What must hold in the statement that starts the run, and whoever changes it must take `installationLock`. */
  readonly condition?: SQL;
  /** What the audit entry says beside what runs. */
  readonly details?: AuditRecord['unmapped'];
}

/** The condition of a launch does not hold. */
export class Declined extends Conflict {}

/** How often a start that raced a change to what it depends on looks again. */
const MAX_ATTEMPTS = 4;
const RETRY_AFTER_S = 5;

/**
 * Writes a run and hands it to the object that drives it. The version's own schema judges the input before anything is written;
 * run, evidence and idempotency key commit together.
 *
 * @throws InvalidInput · NotFound · DomainError `gone` · ApprovalRequired · DomainError `residency_violation` · Conflict
 * · DomainError `concurrency_limit` as many runs as the installation allows are open
 * · DomainError `idempotency_key_reused` the key belongs to another request · Declined
 */
export async function launch(ctx: Ctx, launched: Launch): Promise<Run> {
  const id = newId('run');
  const { idempotencyKey, request } = launched;
  const keyed = idempotencyKey === undefined ? undefined : { idempotencyKey, requestHash: jsonSha256(request) };
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const outcome = await attemptLaunch(ctx, launched, { keyed, id });
      if (outcome === 'known') break;
      if (outcome !== 'changed') return outcome;
      forget(ctx, launched.selector);
    }
  } catch (refusal) {
    // What was started once stays started, even where it could not be started again.
    const earlier = keyed && refusal instanceof DomainError ? await replay(ctx, keyed) : undefined;
    if (earlier) return earlier;
    throw refusal;
  }
  const earlier = keyed && (await replay(ctx, keyed));
  if (earlier) return earlier;
  throw new Conflict('the installation or the capsule keeps changing; try again');
}

async function attemptLaunch(
  ctx: Ctx,
  { selector, input, condition, details = {}, ...launched }: Launch,
  { keyed, id }: { readonly keyed: Keyed | undefined; readonly id: RunId },
): Promise<Run | 'known' | 'changed'> {
  const inputText = JSON.stringify(input);
  const prepared = await prepareFor(ctx, selector, input);

  const createdAt = ctx.now();
  const origin = { rerunOf: launched.rerunOf ?? null, scheduleId: launched.scheduleId ?? null };
  const run = queuedRun(ctx, prepared, { ...origin, id, createdAt });
  const { installationId, capsule, version, digest, isolation } = run;
  const record = auditRecord(ctx, {
    action: 'run.start',
    target: run.id,
    details: { installationId, capsule, version, digest, isolation, ...details },
  });
  const written = { keyed, id, ...origin, inputText, createdAt, condition: condition ?? sql`true` };
  const mustCount = condition !== undefined || prepared.maxConcurrentRuns !== null;
  const statement = startStatement(ctx, prepared, written, record);
  const [row] = await expecting(ctx, run, prepared.release, () =>
    writeOnce(ctx, statement, StartRow, mustCount ? installationLock(sql`${installationId}`) : undefined),
  );

  if (row?.is_started) {
    await handOver(ctx, { run, release: prepared.release, secrets: prepared.secrets, input, budget: row.budget });
    return run;
  }
  if (row?.is_known) return 'known';
  if (row?.is_wanted === false) throw new Declined('what this start depends on does not hold');
  if (row?.is_full) throw concurrencyLimit(prepared);
  return 'changed';
}

/** A refusal is a version's that the installation takes now: no statement would find out that the one that was remembered no longer counts. */
async function prepareFor(ctx: Ctx, selector: Selector, input: JsonValue): Promise<Prepared> {
  const remembered = await prepare(ctx, selector);
  if (inputFaults(remembered.release, input).length === 0) return remembered;
  const prepared = await prepareAnew(ctx, selector);
  validateInput(prepared.release, input);
  return prepared;
}

function concurrencyLimit({ maxConcurrentRuns, release }: Prepared): DomainError {
  const detail = `${maxConcurrentRuns} runs of ${release.manifest.name} are open, as many as its installation allows`;
  return new DomainError('concurrency_limit', detail, { maxConcurrentRuns, retryAfterS: RETRY_AFTER_S });
}

interface NewRun extends Pick<Run, 'id' | 'rerunOf' | 'scheduleId'> {
  readonly createdAt: Date;
}

function queuedRun(
  { tenant, cell }: Ctx,
  { installationId, isolation, release }: Prepared,
  { createdAt, ...own }: NewRun,
): Run {
  return {
    ...own,
    tenantId: tenant.id,
    installationId,
    capsule: release.manifest.name,
    version: release.version,
    digest: release.digest,
    cell,
    isolation,
    attempts: 1,
    state: 'queued',
    cause: null,
    detail: null,
    exitCode: null,
    retryAfterS: null,
    output: null,
    usage: null,
    amountNanos: null,
    receipt: null,
    artifacts: [],
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
