import { z } from 'zod';

import { Artifact, ARTIFACT_LIMITS, Sha256Hex } from './artifact.ts';
import { Cell } from './cells.ts';
import { DatasetPart, MAX_DATASETS } from './dataset.ts';
import { Digest } from './digest.ts';
import { EgressTotals } from './egress.ts';
import { idOf } from './ids.ts';
import { IsolationClass } from './isolation.ts';
import { Outcome, Usage } from './run.ts';

/**
 * What a runner states about a run: the payload of a compact JWS (RFC 7515), `alg` ES256, `typ` `soma-receipt+jwt`,
 * signed with the runner's X.509-SVID key, its chain in `x5c` (leaf first). The leaf's URI SAN is `runner`.
 */
export const RECEIPT_TYPE = 'soma-receipt+jwt';

export const ReceiptClaims = z.strictObject({
  iss: z.string().startsWith('spiffe://').describe('SPIFFE ID of the runner'),
  iat: z.int().describe('Seconds since the epoch; the certificate must be valid at this time'),
  runId: idOf('run'),
  tenantId: idOf('ten'),
  installationId: idOf('ins'),
  capsule: z.string(),
  version: z.string(),
  digest: Digest,
  inputSha256: z.string(),
  outputSha256: z.string().nullable(),
  artifacts: z
    .array(Artifact)
    .min(1)
    .max(ARTIFACT_LIMITS.maxFiles)
    .optional()
    .describe('By path; absent where it left none'),
  datasets: z.array(DatasetPart).min(1).max(MAX_DATASETS).optional().describe('By name; absent where it pushed no row'),
  state: z
    .strictObject({ revision: z.int().min(0), changesSha256: Sha256Hex })
    .optional()
    .describe('What the run started from, and the digest of what it changed; absent where it changed nothing'),
  egress: EgressTotals.optional().describe(
    'To whom the run spoke; adds up to `usage.egressBytes`. Absent where the runner does not know: of a run that it was lost with, and in older receipts',
  ),
  cell: Cell,
  runnerId: idOf('rnr'),
  isolation: IsolationClass,
  startedAtMs: z.int(),
  endedAtMs: z.int(),
  usage: Usage,
  outcome: Outcome,
});
export type ReceiptClaims = z.infer<typeof ReceiptClaims>;
