import { z } from 'zod';

import { StateChange } from './capsule-state.ts';
import { DatasetName } from './dataset.ts';
import { EgressReport } from './egress.ts';
import { Json } from './json.ts';
import { Outcome, Usage } from './run.ts';

/**
 * What a run says, in order. `seq` starts at 1 and has no gaps; a reader that has seen `n` asks for what comes after `n`.
 * On the wire between runner and cell: one JSON object a line (application/x-ndjson).
 */
const Base = { seq: z.int().min(1), atMs: z.int() };

/** Output bytes as text where they are valid UTF-8, else base64: a capsule may print anything. */
const Bytes = { text: z.string(), encoding: z.enum(['utf8', 'base64']).default('utf8') };

export const Frame = z.discriminatedUnion('kind', [
  z.object({ ...Base, kind: z.literal('stdout'), ...Bytes }),
  z.object({ ...Base, kind: z.literal('stderr'), ...Bytes }),
  /** A structured event of the capsule: `progress`, `log` or a name of its own. */
  z.object({ ...Base, kind: z.literal('event'), name: z.string().max(64), data: Json }),
  /** A result line of the capsule; the last one is the run's output. */
  z.object({ ...Base, kind: z.literal('result'), data: Json }),
  /** A row for one of the capsule's data sets. */
  z.object({ ...Base, kind: z.literal('row'), dataset: DatasetName, data: Json }),
  /** A change of the installation's state; it holds where the run succeeds. */
  z.object({ ...Base, kind: z.literal('state'), change: StateChange }),
  /** Cumulative usage so far, never a delta. */
  z.object({ ...Base, kind: z.literal('usage'), usage: Usage }),
  /** The runner of the attempt before was lost; the run begins anew on another. The cell says so, never a runner. */
  z.object({ ...Base, kind: z.literal('attempt'), attempt: z.int().min(2), detail: z.string() }),
  /** Where the run connected so far, never a delta. The last one counts. */
  z.object({ ...Base, kind: z.literal('egress'), report: EgressReport }),
  /** Always the last frame. `receipt` is a compact JWS; absent only where the run never reached a runner or was lost. */
  z.object({ ...Base, kind: z.literal('end'), outcome: Outcome, usage: Usage, receipt: z.string().optional() }),
]);
export type Frame = z.infer<typeof Frame>;

/** From the end of a run on; after that only its `end` frame is left. */
export const FRAMES_RETENTION_DAYS = 30;

/** Distributes over the union, so that a frame's own fields survive. */
type WithoutSeq<F> = F extends unknown ? Omit<F, 'seq' | 'atMs'> : never;
export type FrameBody = WithoutSeq<Frame>;
