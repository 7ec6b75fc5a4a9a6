import { and, eq } from 'drizzle-orm';

import { RerunRequest } from '#contracts/api/runs';
import { DomainError, NotFound } from '#contracts/errors';
import type { RunId } from '#contracts/ids';
import type { Run } from '#contracts/run';
import { runs } from '#db/postgres/schema/index';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { launch } from './launch.ts';

export interface RerunInput {
  readonly id: RunId;
  readonly request: RerunRequest;
  readonly idempotencyKey?: string | undefined;
}

/**
 * Starts a run of the same installation once more: with the same input or another one, by default of the version that ran.
 * Idempotent by the caller's key.
 *
 * @throws NotFound no such run, or its installation was removed · DomainError `gone` that version was yanked
 * · Conflict the installation no longer takes that version · what `launch` does
 */
export async function rerun({ ctx, input }: Verb<RerunInput>): Promise<Run> {
  requirePermission(ctx, 'runs:read');
  requirePermission(ctx, 'runs:write');
  const request = RerunRequest.parse(input.request);
  const earlier = await findInput(ctx, input.id);
  const { installationId: installation, version } = earlier;
  const isSame = request.version === 'same';
  try {
    return await launch(ctx, {
      selector: { installation, ...(isSame ? { version } : {}) },
      input: request.input ?? earlier.input,
      idempotencyKey: input.idempotencyKey,
      request: { rerunOf: input.id, version: request.version, input: request.input ?? null },
      rerunOf: input.id,
      details: { rerunOf: input.id },
    });
  } catch (refusal) {
    throw isSame && refusal instanceof DomainError ? withChoice(refusal, version) : refusal;
  }
}

async function findInput({ db, tenant }: Ctx, id: RunId) {
  const { installationId, version, input } = runs;
  const [row] = await db
    .select({ installationId, version, input })
    .from(runs)
    .where(and(eq(runs.id, id), eq(runs.tenantId, tenant.id)));
  if (!row) throw new NotFound('run');
  return row;
}

/** A version that cannot run any more is no dead end. */
function withChoice(refusal: DomainError, version: string): DomainError {
  const isOfVersion = refusal.code === 'gone' || refusal.extra['version'] === version;
  if (!isOfVersion) return refusal;
  const detail = `${refusal.message}; ask for the version "current" to run what the installation takes now`;
  return new DomainError(refusal.code, detail, { ...refusal.extra, version, choices: ['current'] }, { cause: refusal });
}
