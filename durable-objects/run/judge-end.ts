import type { Frame } from '#contracts/frames';
import { idOf } from '#contracts/ids';
import { jsonSha256 } from '#contracts/json-sha256';
import { chargeFor } from '#contracts/pricing';
import type { ReceiptClaims } from '#contracts/receipt';
import { NO_USAGE } from '#contracts/run';
import { verifyReceipt } from '#contracts/verify-receipt';

import { cellOf, type RunEnv } from '../env.ts';
import { assertPossible } from './claimed-usage.ts';
import type { Judgement, Left } from './judgement.ts';
import type { RunRequest } from './request.ts';
import type { Said } from './said.ts';

export type EndFrame = Extract<Frame, { kind: 'end' }>;

const RunnerId = idOf('rnr');

interface Hearing {
  readonly end: EndFrame;
  readonly request: RunRequest;
  /** What this object holds of it, the thing a receipt must be about. */
  readonly said: Pick<Said, 'output' | 'stateChanges'>;
  /** Who was asked to run it. */
  readonly runnerId: string;
  readonly env: RunEnv;
}

/**
 * Believes of a run's end what its receipt proves, and nothing else. A run whose receipt does not hold fails, and nothing of it is billed;
 * a run that was lost may come without one, and is not billed either.
 */
export async function judgeEnd(hearing: Hearing): Promise<Judgement> {
  const { end, request } = hearing;
  if (end.receipt === undefined && end.outcome.state === 'lost') return unbilled(end.outcome, end.atMs);
  try {
    const claims = await provenClaims(hearing, end.receipt);
    const { outcome, usage, startedAtMs, endedAtMs } = claims;
    return {
      outcome,
      usage,
      amountNanos: chargeFor(request.priced, usage).totalNanos.toString(),
      isBillable: true,
      receipt: end.receipt ?? null,
      hasOutput: claims.outputSha256 !== null,
      startedAtMs,
      endedAtMs,
      left: leftBy(claims),
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    console.error({ message: 'a receipt does not hold', runId: request.start.runId, error: detail });
    const outcome = {
      state: 'failed',
      cause: 'receipt_invalid',
      detail: detail.slice(0, 500),
      exitCode: null,
    } as const;
    return unbilled(outcome, end.atMs);
  }
}

async function provenClaims(
  { request, said, runnerId, env }: Hearing,
  jws: string | undefined,
): Promise<ReceiptClaims> {
  if (jws === undefined) throw new Error('the run ended without a receipt');
  const { runId, tenantId, installationId, capsule, version, digest, isolation, input } = request.start;
  const claims = await verifyReceipt({
    jws,
    trustBundlePem: env.TRUST_BUNDLE,
    expected: {
      trustDomain: env.TRUST_DOMAIN,
      cell: cellOf(env),
      runId,
      tenantId,
      installationId,
      capsule,
      version,
      digest,
      isolation,
      runnerId: RunnerId.parse(runnerId),
      inputSha256: jsonSha256(input),
    },
  });
  assertPossible(claims.usage, request.start.resources);
  const output = said.output();
  if (claims.outputSha256 !== null && (output === undefined || claims.outputSha256 !== jsonSha256(output))) {
    throw new Error('the receipt is about another output');
  }
  if (claims.state && claims.state.changesSha256 !== jsonSha256(said.stateChanges())) {
    throw new Error('the receipt is about other changes of the state');
  }
  return claims;
}

function leftBy({ artifacts = [], datasets = [], state, outcome }: ReceiptClaims): Left | undefined {
  const hasStateChanges = state !== undefined && outcome.state === 'succeeded';
  if (artifacts.length === 0 && datasets.length === 0 && !hasStateChanges) return undefined;
  return { artifacts, datasets, hasStateChanges };
}

/** An end of which nothing is proven: nothing is charged. */
export function unbilled(outcome: Judgement['outcome'], endedAtMs: number): Judgement {
  return {
    outcome,
    usage: NO_USAGE,
    amountNanos: '0',
    isBillable: false,
    receipt: null,
    hasOutput: false,
    startedAtMs: null,
    endedAtMs,
  };
}
