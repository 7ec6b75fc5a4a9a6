import { Digest } from '#contracts/digest';
import { newId } from '#contracts/ids';
import type { SpoolHeader } from '#runner/runs/spool';

/** Of a run of which nothing but its spool matters. */
export const SPOOL_HEADER: SpoolHeader = {
  runId: newId('run'),
  tenantId: newId('ten'),
  installationId: newId('ins'),
  capsule: 'acme/hello',
  version: '1.0.0',
  digest: Digest.parse(`sha256:${'0'.repeat(64)}`),
  cell: 'eu-west-1',
  isolation: 'standard',
  inputSha256: '0'.repeat(64),
  inputBytes: 2,
  startedAtMs: 1,
};
