import { z } from 'zod';

import { StateSnapshot } from './capsule-state.ts';
import { Cell } from './cells.ts';
import { DatasetName, MAX_DATASETS } from './dataset.ts';
import { Digest } from './digest.ts';
import { idOf } from './ids.ts';
import { IsolationClass } from './isolation.ts';
import { Json } from './json.ts';
import { Resources } from './manifest.ts';

/** A stretch of time in which a runner was never cut off from its cell for long; it names each anew. */
const LeaseId = z.string().min(1).max(64);

/**
 * The door of a runner, HTTP/1.1 over mTLS; the caller must be `spiffe://<trust domain>/cell/<its own cell>`.
 *
 * PUT    /v1/bundles/:digest         tar bytes; verified against the digest; 204, again 204
 * HEAD   /v1/bundles/:digest         204 or 404
 * PUT    /v1/layers/:digest          the same for a layer
 * PUT    /v1/runs/:id                StartRun → 200 application/x-ndjson, one Frame a line, ends after `end`;
 *                                    a known id continues from its first frame (idempotent);
 *                                    409 bundle_missing or layer_missing, `missing` names all that is to be sent;
 *                                    429 at_capacity (Retry-After), 503 draining or lease_lapsed
 * GET    /v1/runs/:id/frames?after=N 200 the frames after N, then live; 404 unknown_run
 * POST   /v1/runs/:id/ack            { seq }: frames up to seq are held durably; acknowledging `end` forgets the run; 204
 * GET    /v1/runs/:id/artifacts/:sha256  200 the bytes of a file that the receipt lists; until the end is acknowledged
 * POST   /v1/runs/:id/cancel         204; the run ends as cancelled
 * GET    /healthz /readyz /metrics   alive; isolation proven and pools warm; Prometheus text
 */
export const StartRun = z.strictObject({
  runId: idOf('run'),
  tenantId: idOf('ten'),
  installationId: idOf('ins'),
  capsule: z.string(),
  version: z.string(),
  digest: Digest,
  cell: Cell,
  runtime: z.enum(['node24', 'python3.11', 'wasm']),
  entrypoint: z.string(),
  style: z.enum(['program', 'handler']),
  resources: Resources,
  isolation: IsolationClass,
  /** Laid under the bundle, in this order. */
  layers: z.array(Digest),
  egress: z.array(z.string()),
  artifacts: z.boolean(),
  /** Data sets that rows may be pushed to. */
  datasets: z.array(DatasetName).max(MAX_DATASETS).default([]),
  /** The installation's state; absent for a capsule that may not have any. */
  state: StateSnapshot.optional(),
  /** Most units a run may report on each meter; a meter that is not named here may not be reported. */
  meterLimits: z.record(z.string(), z.int()),
  /** Secret values of this run only; never written to a log, a receipt or the spool. */
  secrets: z.record(z.string(), z.string()),
  /** Targets that a secret may go to, by its name; one that is not named here may go wherever the run may. */
  secretHosts: z.record(z.string(), z.array(z.string())).default({}),
  /** Of a run that may be begun again elsewhere: the runner's lease it was placed under. It goes on while that holds, and no longer. */
  lease: LeaseId.optional(),
  input: Json,
});
export type StartRun = z.infer<typeof StartRun>;

/** What of a run its sandbox is born with: of any other size it has to be booted. */
export interface SandboxSize {
  readonly runtime: StartRun['runtime'];
  readonly isolation: IsolationClass;
  readonly resources: Pick<Resources, 'memoryBytes' | 'diskBytes' | 'artifactBytes'>;
}

/** How a heartbeat names the sandboxes that wait: `node24/standard/134217728/…`. */
export function warmKey({ runtime, isolation, resources }: SandboxSize): string {
  return [runtime, isolation, resources.memoryBytes, resources.diskBytes, resources.artifactBytes].join('/');
}

/** `code` of a runner's refusal, an RFC 9457 problem without a request id. */
export const RUNNER_REFUSAL_CODES = [
  'bundle_missing',
  'layer_missing',
  'at_capacity',
  'draining',
  'unavailable',
  'isolation_unavailable',
  'lease_lapsed',
  'unknown_run',
  'run_id_reused',
  'invalid_input',
  'payload_too_large',
  'digest_mismatch',
  'invalid_bundle',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'internal',
] as const;
export const RunnerProblem = z.looseObject({
  title: z.string(),
  status: z.int(),
  code: z.enum(RUNNER_REFUSAL_CODES),
  detail: z.string(),
  /** Bundles and layers that must be sent before the run can start. */
  missing: z.array(Digest).max(16).optional(),
});
export type RunnerProblem = z.infer<typeof RunnerProblem>;

export const Ack = z.strictObject({ seq: z.int().min(0) });

/** What a runner tells its cell every few seconds, over mTLS: `POST /internal/v1/runners/heartbeat`. */
export const Heartbeat = z.strictObject({
  runnerId: idOf('rnr'),
  cell: Cell,
  /** Where the cell reaches it, such as https://runner-1.eu-west-1.soma.internal:8443 */
  endpoint: z.url(),
  version: z.string(),
  /** What it has now; what was placed under an earlier one it refuses. */
  lease: LeaseId,
  isDraining: z.boolean(),
  isReady: z.boolean(),
  /** Runs it takes at a time, those that would wait for their turn included. */
  capacity: z.int().min(0),
  /** Runs it has of those, waiting or under way. */
  running: z.int().min(0),
  /** What makes its sandboxes: `docker`, `crun` or `runc`. */
  executor: z.string(),
  /** The classes it has proven to itself and takes runs of. */
  isolationClasses: z.array(IsolationClass),
  /** The classes it can make and may take runs of soon: they are being proven, or none of their sandboxes comes up just now. */
  pendingIsolationClasses: z.array(IsolationClass).default([]),
  /** Sandboxes that wait, by what runs begin in them at once (`warmKey`). */
  warm: z.record(z.string(), z.int()),
  /** Bundles and layers it holds, the last used first. */
  cachedDigests: z.array(Digest).max(256),
  /** Runs that it held before it was restarted, and that ended as lost, and those whose end was not acknowledged for an hour: the cell settles them. */
  lostRunIds: z.array(idOf('run')).max(1_000),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

export const HEARTBEAT_INTERVAL_MS = 1_000;
/** A runner that was silent this long takes no new run. One that does not answer either is gone: its runs are lost, or begun again elsewhere. */
export const HEARTBEAT_EXPIRY_MS = 7_000;
/** A runner that no heartbeat of its own was answered for this long is cut off: it stops the runs that may be begun again elsewhere. */
export const RUN_LEASE_MS = 6_000;
/** Within which they have stopped, and by which clocks may disagree in that time. */
export const LEASE_MARGIN_MS = HEARTBEAT_EXPIRY_MS - RUN_LEASE_MS;
