import { setTimeout as delay } from 'node:timers/promises';

import type { RunnerId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';
import { jsonSha256 } from '#contracts/json-sha256';
import type { ReceiptClaims } from '#contracts/receipt';
import type { Outcome, Usage } from '#contracts/run';

import type { OnFault } from '../fault.ts';
import type { Spool } from './spool.ts';

const RETRY_MS = 1_000;

export interface Sealer {
  readonly spiffeId: string;
  readonly runnerId: RunnerId;
  sign(claims: ReceiptClaims): Promise<string>;
  onUnsigned(error: unknown): void;
}

export interface Ending {
  readonly outcome: Outcome;
  readonly usage: Usage;
  /** The run's last result; absent where it had none. */
  readonly output?: JsonValue | undefined;
  /** What else it leaves. */
  readonly claims?: Pick<ReceiptClaims, 'artifacts' | 'datasets' | 'state' | 'egress'>;
  readonly endedAtMs: number;
}

/** Seals a run however long that takes: it has ended, and where the disk is full only its last word has to wait. */
export async function sealUntilKept(spool: Spool, sealer: Sealer, ending: Ending, onFault: OnFault): Promise<void> {
  for (;;) {
    try {
      return await seal(spool, sealer, ending);
    } catch (error) {
      onFault('a run could not be sealed', error);
      await delay(RETRY_MS);
    }
  }
}

/**
 * Writes the last frame of a run: its outcome, its usage and the signed receipt of both. Where it cannot be signed the run
 * ends all the same, without a receipt, and so without a charge.
 * @throws where it could not be kept; then it may be tried again
 */
export async function seal(spool: Spool, sealer: Sealer, ending: Ending): Promise<void> {
  if (!spool.isEnded) await appendEnd(spool, sealer, ending);
  await spool.sync();
}

async function appendEnd(spool: Spool, sealer: Sealer, ending: Ending): Promise<void> {
  const { outcome, usage, output, claims: left, endedAtMs } = ending;
  const { inputBytes: _, ...known } = spool.header;
  const claims: ReceiptClaims = {
    ...known,
    iss: sealer.spiffeId,
    iat: Math.floor(endedAtMs / 1_000),
    runnerId: sealer.runnerId,
    outputSha256: output === undefined ? null : jsonSha256(output),
    ...left,
    endedAtMs,
    usage,
    outcome,
  };
  const receipt = await sealer.sign(claims).catch((error: unknown) => sealer.onUnsigned(error));
  spool.append({ kind: 'end', outcome, usage, ...(receipt === undefined ? {} : { receipt }) }, endedAtMs);
}
