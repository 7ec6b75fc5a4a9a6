import { z } from 'zod';

import { RunArtifact } from './artifact.ts';
import { Cell } from './cells.ts';
import { Digest } from './digest.ts';
import { idOf } from './ids.ts';
import { IsolationClass } from './isolation.ts';
import { Json } from './json.ts';

/** The terminal states. A run ends once, in one of them. */
export const TERMINAL_STATES = [
  'succeeded',
  'failed',
  'timed_out',
  'out_of_memory',
  'limit_exceeded',
  'cancelled',
  'refused',
  'lost',
] as const;
export const TerminalState = z.enum(TERMINAL_STATES);
export type TerminalState = z.infer<typeof TerminalState>;

export const RunState = z.enum(['queued', 'running', ...TERMINAL_STATES]);
export type RunState = z.infer<typeof RunState>;

/** Why a run ended in each state: stable, for machines. docs/capsule-model.md says what each means. */
export const CAUSES = {
  succeeded: ['completed'],
  failed: ['exit_code', 'uncaught', 'output_invalid', 'artifact_invalid', 'sandbox_died', 'receipt_invalid'],
  timed_out: ['wall_limit'],
  out_of_memory: ['oom_kill', 'heap_limit', 'memory_too_small'],
  limit_exceeded: ['output_limit', 'meter_limit', 'pids_limit', 'artifact_limit', 'state_limit'],
  cancelled: ['cancelled'],
  refused: [
    'budget_exhausted',
    'no_capacity',
    'isolation_unavailable',
    'meter_unavailable',
    'secret_unreadable',
    'runner_rejected',
  ],
  lost: [
    'sandbox_died',
    'runner_died',
    'runner_stopped',
    'runner_lost',
    'runner_cut_off',
    'spool_failed',
    'protocol_error',
  ],
} as const satisfies Record<TerminalState, readonly string[]>;
export const Cause = z.enum([...new Set(Object.values(CAUSES).flat())]);
export type Cause = z.infer<typeof Cause>;

/** How a run ended: the state, its cause and a sentence. */
export const Outcome = z.object({
  state: TerminalState,
  cause: Cause,
  detail: z.string().max(2_000),
  exitCode: z.int().nullable(),
  /** Of `no_capacity`: when the last runner that was full expected to have room. */
  retryAfterS: z.int().nonnegative().optional(),
});
export type Outcome = z.infer<typeof Outcome>;

/** Exact usage of one run, cumulative. `meters` are the capsule's own counters, such as `tokens`. */
export const Usage = z.object({
  cpuUs: z.int().nonnegative(),
  /** From handing over the input until nothing of the run was alive; never more than its limit. */
  wallUs: z.int().nonnegative(),
  memoryPeakBytes: z.int().nonnegative(),
  /** Granted memory over wall time: `memoryByteSecondsOf`. */
  memoryByteSeconds: z.int().nonnegative(),
  inputBytes: z.int().nonnegative(),
  outputBytes: z.int().nonnegative(),
  egressBytes: z.int().nonnegative(),
  meters: z.record(z.string().max(32), z.int().nonnegative()),
});
export type Usage = z.infer<typeof Usage>;

/** Usage of many runs. Memory is a string of digits: 4 GiB held for a month are more byte-seconds than a double counts. */
export const UsageTotals = Usage.extend({
  memoryByteSeconds: z.string().regex(/^\d+$/).describe('A decimal integer'),
});
export type UsageTotals = z.infer<typeof UsageTotals>;

const US_PER_SECOND = 1_000_000n;

/** `memoryBytes × wallUs / 10⁶`, rounded up to whole byte-seconds. */
export function memoryByteSecondsOf(memoryBytes: number, wallUs: number): number {
  return Number((BigInt(memoryBytes) * BigInt(wallUs) + US_PER_SECOND - 1n) / US_PER_SECOND);
}

export const NO_USAGE: Usage = {
  cpuUs: 0,
  wallUs: 0,
  memoryPeakBytes: 0,
  memoryByteSeconds: 0,
  inputBytes: 0,
  outputBytes: 0,
  egressBytes: 0,
  meters: {},
};

export const NO_USAGE_TOTALS: UsageTotals = { ...NO_USAGE, memoryByteSeconds: '0' };

/** A run as the API shows it. Money as decimal strings of nano-units, times as RFC 3339. */
export const Run = z.object({
  id: idOf('run'),
  tenantId: idOf('ten'),
  installationId: idOf('ins'),
  /** The run it repeats, and the schedule that started it; null for one that somebody asked for. */
  rerunOf: idOf('run').nullable(),
  scheduleId: idOf('sch').nullable(),
  capsule: z.string(),
  version: z.string(),
  digest: Digest,
  cell: Cell,
  isolation: IsolationClass,
  /** 2 where a run that its runner lost was started again on another. */
  attempts: z.int().min(1),
  state: RunState,
  cause: Cause.nullable(),
  detail: z.string().nullable(),
  exitCode: z.int().nullable(),
  retryAfterS: z
    .int()
    .nullable()
    .describe(
      'Of a run that found no room: in how many seconds after its end a new one may find some, where that is known',
    ),
  output: Json.nullable(),
  usage: Usage.nullable(),
  amountNanos: z.string().nullable(),
  receipt: z.string().nullable(),
  artifacts: z.array(RunArtifact),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type Run = z.infer<typeof Run>;
