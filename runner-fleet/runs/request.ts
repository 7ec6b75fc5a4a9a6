import type { StartRun } from '#contracts/runner';

import type { EgressGate } from '../egress/gate.ts';
import { portsToServe } from '../egress/target.ts';
import { encodeRequest } from '../executor/wire.ts';
import { artifactLimitsOf } from './artifact-intake.ts';

interface Handover {
  readonly start: StartRun;
  readonly input: Buffer;
  readonly egress?: EgressGate | undefined;
}

/** What process 1 is told of a run, and the nonce of its last word. */
export function requestOf({ start, input, egress }: Handover): ReturnType<typeof encodeRequest> {
  return encodeRequest({
    wallMs: start.resources.timeoutMs,
    artifacts: artifactLimitsOf(start),
    secrets: start.secrets,
    egressPorts: egress ? portsToServe(start.egress) : [],
    input,
    job: {
      style: start.runtime === 'wasm' ? 'wasm' : start.style,
      entrypoint: start.entrypoint,
      runId: start.runId,
      mayWriteArtifacts: start.artifacts,
      datasets: start.datasets,
      ...(start.state ? { state: start.state.entries } : {}),
    },
  });
}
