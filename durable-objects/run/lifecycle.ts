import type { Outcome, Usage } from '#contracts/run';

/**
 * The life of one run as a function of what is known of it: reserve → start → follow → settle → record → forget.
 * Every step may be repeated: what it has achieved is a fact, and a fact is written once.
 */
export interface Facts {
  readonly isBegun: boolean;
  readonly isCancelRequested: boolean;
  /** Why this run is given up: nobody will ever say how it ended. */
  readonly lostDetail: string | null;
  /** Known to this instance of the object; another one asks the meter again, which changes nothing. */
  readonly isReserved: boolean;
  /** Written before the runner is asked: from here on it may hold the run. */
  readonly placement: { readonly runnerId: string; readonly endpoint: string } | null;
  /** When the runner said yes. */
  readonly acceptedAtMs: number | null;
  readonly conclusion: Conclusion | null;
  readonly isSettled: boolean;
  readonly isRecorded: boolean;
  /** The runner knows that it may forget the run. */
  readonly isForgotten: boolean;
  /** Consecutive failures of the step at hand, once the run has ended. */
  readonly failures: number;
}

/** How the run ended, as its tenant is told, and what follows from it. */
export interface Conclusion {
  readonly outcome: Outcome;
  readonly usage: Usage;
  readonly amountNanos: string;
  /** Only verified usage is billed. */
  readonly isBillable: boolean;
  readonly receipt: string | null;
  /** Whether the last result counts as the run's output. */
  readonly hasOutput: boolean;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number;
  /** The number of our `end` frame, and of the runner's; the latter is null where none came. */
  readonly endSeq: number;
  readonly runnerEndSeq: number | null;
}

export type Step =
  | { readonly kind: 'wait' | 'reserve' | 'start' | 'recover' | 'follow' | 'settle' | 'record' | 'forget' | 'done' }
  | { readonly kind: 'conclude'; readonly outcome: Outcome };

export interface Attempt {
  /** Since this instance of the object first tried to start the run: an outage of the edge does not count against it. */
  readonly tryingForMs: number;
  /** A request to start was sent, and its answer never came: the runner may hold the run. */
  readonly isStartUncertain: boolean;
}

/** As long as a run waits for a budget answer and a free runner before it is refused. */
export const START_DEADLINE_MS = 15_000;
/** A runner that neither answers nor sends heartbeats for this long is gone, and its runs with it. */
export const RUNNER_GONE_MS = 10_000;
/** A runner ends a run at its time limit. This much later it is told to, and this much later again it is not believed any more. */
export const OVERDUE_MS = 60_000;

export function nextStep(facts: Facts, attempt: Attempt): Step {
  if (!facts.isBegun) return { kind: 'wait' };
  if (facts.conclusion) return afterTheEnd(facts);
  if (facts.lostDetail !== null) return { kind: 'conclude', outcome: lost(facts.lostDetail) };
  if (facts.acceptedAtMs !== null) return { kind: 'follow' };
  if (facts.placement && attempt.isStartUncertain) return { kind: 'recover' };
  if (facts.isCancelRequested) return { kind: 'conclude', outcome: CANCELLED_BEFORE_START };
  if (attempt.tryingForMs >= START_DEADLINE_MS) {
    return { kind: 'conclude', outcome: facts.isReserved ? NO_CAPACITY : METER_UNAVAILABLE };
  }
  return { kind: facts.isReserved ? 'start' : 'reserve' };
}

function afterTheEnd(facts: Facts): Step {
  if (!facts.isSettled) return { kind: 'settle' };
  if (!facts.isRecorded) return { kind: 'record' };
  return { kind: facts.isForgotten ? 'done' : 'forget' };
}

/** What is known of a runner that this run hangs on. */
export interface Silence {
  /** How long it has not answered this object. */
  readonly unreachableForMs: number;
  /** How long the fleet has not heard of it; undefined where the fleet does not know it. */
  readonly heartbeatSilentMs: number | undefined;
}

/** Both must be long: a cell that was down itself has heard no heartbeats either, and finds its runners well. */
export function isRunnerGone({ unreachableForMs, heartbeatSilentMs }: Silence): boolean {
  return unreachableForMs >= RUNNER_GONE_MS && (heartbeatSilentMs ?? Number.POSITIVE_INFINITY) >= RUNNER_GONE_MS;
}

export type Punctuality = 'in-time' | 'cancel-now' | 'give-up';

export function punctuality(acceptedForMs: number, timeoutMs: number): Punctuality {
  const overdueMs = acceptedForMs - timeoutMs;
  if (overdueMs >= 2 * OVERDUE_MS) return 'give-up';
  return overdueMs >= OVERDUE_MS ? 'cancel-now' : 'in-time';
}

export function lost(detail: string): Outcome {
  return { state: 'lost', cause: 'runner_lost', detail, exitCode: null };
}

export function refused(cause: string, detail: string): Outcome {
  return { state: 'refused', cause, detail, exitCode: null };
}

const NO_CAPACITY = refused('no_capacity', 'no runner of this region had a free place; try again later');
const METER_UNAVAILABLE = refused('meter_unavailable', 'the budget could not be checked; nothing was started');
const CANCELLED_BEFORE_START: Outcome = {
  state: 'cancelled',
  cause: 'cancelled',
  detail: 'cancelled before it started',
  exitCode: null,
};
