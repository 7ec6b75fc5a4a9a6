import { FRAMES_RETENTION_DAYS } from '#contracts/frames';
import type { Outcome } from '#contracts/run';
import { HEARTBEAT_EXPIRY_MS, HEARTBEAT_INTERVAL_MS } from '#contracts/runner';

import type { Conclusion, Facts, Judgement } from './facts.ts';

/**
 * The life of one run as a function of what is known of it: reserve → start → follow → settle → record → collect → forget → expire; where its
 * runner is lost, once more from start. Every step may be repeated: what it has achieved is a fact, and a fact is written once.
 */
export type Step =
  | {
      readonly kind:
        | 'wait'
        | 'reserve'
        | 'start'
        | 'recover'
        | 'follow'
        | 'settle'
        | 'record'
        | 'collect'
        | 'forget'
        | 'expire'
        | 'done';
    }
  /** Nothing to do before that. */
  | { readonly kind: 'keep'; readonly untilMs: number }
  | { readonly kind: 'conclude'; readonly outcome: Outcome };

export interface Trial {
  readonly nowMs: number;
  /** Since this instance of the object first tried to start this attempt: an outage of the edge does not count against it. */
  readonly tryingForMs: number;
  /** A request to start was sent, and its answer never came: the runner may hold the run. */
  readonly isStartUncertain: boolean;
}

/** As long as a run waits for a budget answer and a free runner before it is refused. */
export const START_DEADLINE_MS = 15_000;
/** As often as a run is started at all. */
export const MOST_ATTEMPTS = 2;
/**
 * A runner that was asked in vain for so long, and sends no heartbeats for HEARTBEAT_EXPIRY_MS, is gone, and its runs with it. Together with
 * the ways there a run is known to be lost within ten seconds.
 */
export const UNREACHABLE_MS = 2_000;
/** As long as the runner may take to answer: it has the frames at hand, and one that takes longer is asked again. */
const MOST_PATIENCE_MS = 2_000;
const LEAST_PATIENCE_MS = 250;
/** A quiet run whose runner missed a heartbeat is worth a question to the runner. */
export const SUSPICIOUS_MS = 2 * HEARTBEAT_INTERVAL_MS;
/** A runner ends a run at its time limit. This much later it is told to, and this much later again it is not believed any more. */
export const OVERDUE_MS = 60_000;
export const FRAMES_KEPT_MS = FRAMES_RETENTION_DAYS * 86_400_000;

export function nextStep(facts: Facts, trial: Trial): Step {
  if (!facts.isBegun) return { kind: 'wait' };
  if (facts.conclusion) return afterTheEnd(facts, facts.conclusion, trial.nowMs);
  if (facts.loss) return { kind: 'conclude', outcome: lost(facts.loss.detail) };
  if (facts.acceptedAtMs !== null) return { kind: 'follow' };
  if (facts.placement && trial.isStartUncertain) return { kind: 'recover' };
  if (facts.isCancelRequested) return { kind: 'conclude', outcome: CANCELLED_BEFORE_START };
  if (trial.tryingForMs >= START_DEADLINE_MS) {
    return { kind: 'conclude', outcome: facts.isReserved ? NO_CAPACITY : METER_UNAVAILABLE };
  }
  return { kind: facts.isReserved ? 'start' : 'reserve' };
}

function afterTheEnd(facts: Facts, { left, endedAtMs }: Conclusion, nowMs: number): Step {
  if (!facts.isSettled) return { kind: 'settle' };
  if (!facts.isRecorded) return { kind: 'record' };
  if (!facts.isCollected && left) return { kind: 'collect' };
  if (!facts.isForgotten) return { kind: 'forget' };
  if (facts.isExpired) return { kind: 'done' };
  const untilMs = endedAtMs + FRAMES_KEPT_MS;
  return nowMs < untilMs ? { kind: 'keep', untilMs } : { kind: 'expire' };
}

export type Ending =
  | { readonly kind: 'conclude'; readonly judgement: Judgement }
  | { readonly kind: 'retry'; readonly former: Judgement };

/**
 * What an end comes to. A lost run of an idempotent capsule is started once more. One that finds no runner for that was lost, and is
 * not refused: it has run.
 */
export function endingOf(facts: Facts, judgement: Judgement): Ending {
  const { outcome } = judgement;
  if (isRetried(facts, outcome)) return { kind: 'retry', former: judgement };
  if (outcome.state !== 'refused' || !facts.former) return { kind: 'conclude', judgement };
  const { judgement: former } = facts.former;
  const detail = `${former.outcome.detail}; it could not be started again: ${outcome.detail}`.slice(0, MOST_DETAIL);
  return {
    kind: 'conclude',
    judgement: { ...former, hasOutput: false, left: undefined, outcome: { ...former.outcome, detail } },
  };
}

/** A run that may goes on under a lease of its runner: the attempt on a runner that was cut off is over before another one begins. */
export function mayBeginAgain({ isIdempotent, attempt }: Facts): boolean {
  return isIdempotent && attempt < MOST_ATTEMPTS;
}

/** Only where this attempt is over: a runner that answers, and does not do as it is told, may have it still. */
function isRetried(facts: Facts, { state, cause }: Outcome): boolean {
  const mayGoOn = facts.loss?.isHeld === true || cause === PROTOCOL_ERROR;
  return state === 'lost' && mayBeginAgain(facts) && !facts.isCancelRequested && !mayGoOn;
}

/** What is known of a runner that this run hangs on. */
export interface Silence {
  /** How long it has not answered this object. */
  readonly unreachableForMs: number;
  /** How long the fleet has listened in vain. */
  readonly heartbeatSilentMs: number;
}

export const NOT_ASKED_YET: Silence = { unreachableForMs: 0, heartbeatSilentMs: 0 };

/** Both must be long: a cell whose own door was shut has heard no heartbeats either, and finds its runners well. */
export function isRunnerGone({ unreachableForMs, heartbeatSilentMs }: Silence): boolean {
  return unreachableForMs >= UNREACHABLE_MS && heartbeatSilentMs >= HEARTBEAT_EXPIRY_MS;
}

/** How long the next question to the runner may take, so that it is known to be gone no later than it is. */
export function patienceMs({ unreachableForMs, heartbeatSilentMs }: Silence): number {
  const goneInMs = Math.max(UNREACHABLE_MS - unreachableForMs, HEARTBEAT_EXPIRY_MS - heartbeatSilentMs);
  return Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, goneInMs));
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

const PROTOCOL_ERROR = 'protocol_error';

/** What it says is not frames, again and again. */
export function incomprehensible(detail: string): Outcome {
  return { state: 'lost', cause: PROTOCOL_ERROR, detail, exitCode: null };
}

export function refused(cause: string, detail: string): Outcome {
  return { state: 'refused', cause, detail, exitCode: null };
}

const MOST_DETAIL = 2_000;
const NO_CAPACITY = refused('no_capacity', 'no runner of this region had a free place; try again later');
const METER_UNAVAILABLE = refused('meter_unavailable', 'the budget could not be checked; nothing was started');
const CANCELLED_BEFORE_START: Outcome = {
  state: 'cancelled',
  cause: 'cancelled',
  detail: 'cancelled while it waited for a runner',
  exitCode: null,
};
