import type { IsolationClass } from '#contracts/isolation';
import type { Cause, Outcome, TerminalState } from '#contracts/run';

/**
 * How one run ends. Pure: signals come in any order, from the sandbox, the limits, the caller and the runner; out comes at
 * most one `kill`, then exactly one outcome, which nothing changes afterwards. The first reason to stop a run is the one that counts.
 */
export type Signal =
  /** The sandbox's last word: the runtime has ended and everything in the sandbox is dead. */
  | { readonly kind: 'exited'; readonly exit: Exit }
  /** The sandbox is gone without a last word. */
  | {
      readonly kind: 'vanished';
      readonly oomKills: number;
      readonly pidsRefusals: number;
      /** The machinery around it took it along. */
      readonly isAbandoned: boolean;
    }
  /** The runtime's adapter says why it is about to exit. */
  | { readonly kind: 'complained'; readonly cause: 'uncaught' | 'output_invalid'; readonly message: string }
  | { readonly kind: 'result' }
  /** Something among the files it left cannot be kept, so none is. */
  | ArtifactRefused
  | StopSignal;

interface ArtifactRefused {
  readonly kind: 'artifact_refused';
  readonly cause: 'artifact_invalid' | 'artifact_limit';
  readonly detail: string;
}

export type StopSignal =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'wall_limit' }
  | { readonly kind: 'output_limit'; readonly limitBytes: number }
  | { readonly kind: 'meter_limit'; readonly detail: string }
  | { readonly kind: 'state_limit'; readonly detail: string }
  | { readonly kind: 'output_invalid'; readonly detail: string }
  | { readonly kind: 'runner_stopped' }
  /** It may be begun again elsewhere from now on. */
  | { readonly kind: 'runner_cut_off' }
  | { readonly kind: 'spool_failed' };

export interface Exit {
  /** `null` where a signal ended the runtime. */
  readonly exitCode: number | null;
  readonly signal: number | null;
  readonly isTimedOut: boolean;
  readonly oomKills: number;
  readonly pidsRefusals: number;
  /** The runtime gave up for want of memory before the kernel had to step in. */
  readonly isHeapExhausted: boolean;
}

export interface Limits {
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly pids: number;
  /** A handler always has a result; a program may have none. */
  readonly needsResult: boolean;
  /** In a strict sandbox the run itself can end process 1 (gVisor does not protect it), and must not have that for free. */
  readonly isolation: IsolationClass;
}

export interface Lifecycle {
  readonly limits: Limits;
  readonly hasResult: boolean;
  readonly complaint: { readonly cause: 'uncaught' | 'output_invalid'; readonly message: string } | undefined;
  readonly artifactRefusal: ArtifactRefused | undefined;
  readonly stop: StopSignal | undefined;
  readonly outcome: Outcome | undefined;
}

type Vanished = Extract<Signal, { kind: 'vanished' }>;

export type Effect = 'none' | 'kill' | 'end';

export function begin(limits: Limits): Lifecycle {
  return {
    limits,
    hasResult: false,
    complaint: undefined,
    artifactRefusal: undefined,
    stop: undefined,
    outcome: undefined,
  };
}

export function step(run: Lifecycle, signal: Signal): { readonly run: Lifecycle; readonly effect: Effect } {
  if (run.outcome !== undefined) return { run, effect: 'none' };
  switch (signal.kind) {
    case 'result':
      return { run: { ...run, hasResult: true }, effect: 'none' };
    case 'complained':
      return { run: { ...run, complaint: run.complaint ?? signal }, effect: 'none' };
    case 'artifact_refused':
      return { run: { ...run, artifactRefusal: run.artifactRefusal ?? signal }, effect: 'none' };
    case 'exited':
      return { run: { ...run, outcome: outcomeOfExit(run, signal.exit) }, effect: 'end' };
    case 'vanished':
      return { run: { ...run, outcome: outcomeOfVanishing(run, signal) }, effect: 'end' };
    default:
      if (run.stop !== undefined) return { run, effect: 'none' };
      return { run: { ...run, stop: signal }, effect: 'kill' };
  }
}

function outcomeOfExit(run: Lifecycle, exit: Exit): Outcome {
  const exitCode = exit.exitCode ?? (exit.signal === null ? null : 128 + exit.signal);
  const end = (state: TerminalState, cause: Cause, detail: string) => outcome(state, cause, detail, exitCode);
  if (run.stop) return outcomeOfStop(run, run.stop, exitCode);
  if (exit.isTimedOut) return outcomeOfStop(run, { kind: 'wall_limit' }, exitCode);
  if (exitCode !== 0) {
    if (exit.oomKills > 0) return end('out_of_memory', 'oom_kill', outOfMemory(run.limits));
    if (exit.isHeapExhausted) return end('out_of_memory', 'heap_limit', outOfMemory(run.limits));
    if (exit.pidsRefusals > 0) {
      return end('limit_exceeded', 'pids_limit', tooManyProcesses(run.limits));
    }
  }
  if (run.complaint) return end('failed', run.complaint.cause, run.complaint.message);
  if (exitCode === null || exitCode !== 0) {
    const how = exit.signal === null ? `it exited with code ${exitCode}` : `signal ${exit.signal} ended it`;
    return end('failed', 'exit_code', how);
  }
  if (run.artifactRefusal) {
    const { cause, detail } = run.artifactRefusal;
    return end(cause === 'artifact_limit' ? 'limit_exceeded' : 'failed', cause, detail);
  }
  if (run.limits.needsResult && !run.hasResult) {
    return end('failed', 'output_invalid', 'it ended without a result; a handler returns one');
  }
  return end('succeeded', 'completed', 'it ran to its end');
}

function outcomeOfVanishing(run: Lifecycle, { oomKills, pidsRefusals, isAbandoned }: Vanished): Outcome {
  if (run.stop) return outcomeOfStop(run, run.stop, null);
  if (oomKills > 0) return outcome('out_of_memory', 'oom_kill', outOfMemory(run.limits), null);
  if (pidsRefusals > 0) return outcome('limit_exceeded', 'pids_limit', tooManyProcesses(run.limits), null);
  if (run.limits.isolation === 'strict' && !isAbandoned) {
    return outcome('failed', 'sandbox_died', 'it ended process 1 of its sandbox, and everything else with it', null);
  }
  return outcome('lost', 'sandbox_died', 'the sandbox went away without saying how the run ended', null);
}

function outcomeOfStop({ limits }: Lifecycle, stop: StopSignal, exitCode: number | null): Outcome {
  const end = (state: TerminalState, detail: string) => outcome(state, stop.kind, detail, exitCode);
  switch (stop.kind) {
    case 'cancelled':
      return end('cancelled', 'it was cancelled');
    case 'wall_limit':
      return end('timed_out', `it ran longer than its ${limits.timeoutMs} ms`);
    case 'output_limit':
      return end('limit_exceeded', `it wrote more than its ${stop.limitBytes} bytes`);
    case 'meter_limit':
    case 'state_limit':
      return end('limit_exceeded', stop.detail);
    case 'output_invalid':
      return end('failed', stop.detail);
    case 'runner_stopped':
      return end('lost', 'the runner was stopped before the run ended');
    case 'runner_cut_off':
      return end(
        'lost',
        'the runner was cut off from its cell, and stopped the run so that it can begin again elsewhere',
      );
    case 'spool_failed':
      return end('lost', 'the runner could not keep what the run said');
    default:
      return stop satisfies never;
  }
}

function tooManyProcesses({ pids }: Limits): string {
  return `it wanted more than its ${pids} processes and threads`;
}

function outOfMemory({ memoryBytes }: Limits): string {
  return `it needed more than its ${memoryBytes} bytes of memory`;
}

function outcome(state: TerminalState, cause: Cause, detail: string, exitCode: number | null): Outcome {
  return { state, cause, detail: detail.slice(0, 2_000), exitCode };
}
