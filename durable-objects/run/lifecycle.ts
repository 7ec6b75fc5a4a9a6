import { FRAMES_RETENTION_DAYS } from '#contracts/frames';
import type { Placement } from '#contracts/objects';
import type { Cause, Outcome } from '#contracts/run';

import type { Conclusion, Judgement } from './judgement.ts';

/**
 * What is known of one run. Everything a run object does follows from these facts, so that a new instance of it goes on where the last
 * one stopped.
 */
export interface Facts {
  readonly isBegun: boolean;
  /** The capsule says that a run of it may be done a second time. */
  readonly isIdempotent: boolean;
  readonly isCancelRequested: boolean;
  /** Why this attempt is given up: nobody will ever say how it ended. */
  readonly loss: Loss | null;
  /** Known to this instance of the object; another one asks the meter again, which changes nothing. */
  readonly isReserved: boolean;
  /** 1, or 2 where the first was lost. */
  readonly attempt: number;
  /** The number of the frame that the first of this attempt follows: runners number from 1, watchers see one sequence. */
  readonly seqOffset: number;
  /** The attempt before this one. */
  readonly former: FormerAttempt | null;
  /** Written before the runner is asked: from here on it may hold the run. */
  readonly placement: Placement | null;
  /** When the runner said yes. */
  readonly acceptedAtMs: number | null;
  readonly conclusion: Conclusion | null;
  readonly isSettled: boolean;
  readonly isRecorded: boolean;
  /** What the run left is in the bucket, or known to be lost. */
  readonly isCollected: boolean;
  /** Whoever held the run knows that it may be forgotten, or could not be told for so long that it is given up. */
  readonly isForgotten: boolean;
  /** Of its frames only the end is left. */
  readonly isExpired: boolean;
  /** Consecutive failures of the step at hand, once the run has ended. */
  readonly failures: number;
}

export interface Loss {
  readonly detail: string;
  /** The runner may still have the run; false only where it said that it does not know it. */
  readonly isHeld: boolean;
}

export interface FormerAttempt {
  /** Who may hold it still; null where nobody does. No later attempt goes there: it would be answered with this one. */
  readonly heldBy: Placement | null;
  readonly runnerEndSeq: number | null;
  /** How the run would have ended: and how it ends where it cannot be started again. */
  readonly judgement: Judgement;
}

export type Fact = FactOnTheWay | FactAfterTheEnd;
type FactAfterTheEnd = {
  readonly kind: 'settled' | 'recorded' | 'collected' | 'forgotten' | 'held-still' | 'expired' | 'failed';
};
type FactOnTheWay =
  | { readonly kind: 'begun'; readonly isIdempotent: boolean; readonly placement: Placement | null }
  | { readonly kind: 'placed'; readonly placement: Placement | null }
  | { readonly kind: 'accepted'; readonly atMs: number }
  | { readonly kind: 'given-up'; readonly loss: Loss }
  | { readonly kind: 'retried'; readonly former: FormerAttempt; readonly seqOffset: number }
  | { readonly kind: 'concluded'; readonly conclusion: Conclusion }
  | { readonly kind: 'cancel-requested' | 'reserved' };

/** The facts once `fact` is one of them. A run that has ended stays as it ended. */
export function learn(facts: Facts, fact: Fact): Facts {
  switch (fact.kind) {
    case 'settled':
      return { ...facts, isSettled: true, failures: 0 };
    case 'recorded':
      return { ...facts, isRecorded: true, failures: 0 };
    case 'collected':
      return { ...facts, isCollected: true, failures: 0 };
    case 'forgotten':
      return { ...facts, isForgotten: true, failures: 0 };
    case 'held-still':
      return { ...facts, isForgotten: false };
    case 'expired':
      return { ...facts, isExpired: true };
    case 'failed':
      return { ...facts, failures: facts.failures + 1 };
    default:
      return facts.conclusion ? facts : learnOnTheWay(facts, fact);
  }
}

function learnOnTheWay(facts: Facts, fact: FactOnTheWay): Facts {
  switch (fact.kind) {
    case 'begun':
      return { ...facts, isBegun: true, isIdempotent: fact.isIdempotent, placement: fact.placement };
    case 'cancel-requested':
      return { ...facts, isCancelRequested: true };
    case 'reserved':
      return { ...facts, isReserved: true };
    case 'placed':
      return { ...facts, placement: fact.placement };
    case 'accepted':
      return { ...facts, acceptedAtMs: fact.atMs };
    case 'given-up':
      return { ...facts, loss: fact.loss };
    case 'retried':
      return {
        ...facts,
        attempt: facts.attempt + 1,
        seqOffset: fact.seqOffset,
        former: fact.former,
        loss: null,
        placement: null,
        acceptedAtMs: null,
      };
    case 'concluded':
      return { ...facts, conclusion: fact.conclusion };
    default:
      return fact satisfies never;
  }
}

export const NOTHING_KNOWN: Facts = {
  isBegun: false,
  isIdempotent: false,
  isCancelRequested: false,
  loss: null,
  isReserved: false,
  attempt: 1,
  seqOffset: 0,
  former: null,
  placement: null,
  acceptedAtMs: null,
  conclusion: null,
  isSettled: false,
  isRecorded: false,
  isCollected: false,
  isForgotten: false,
  isExpired: false,
  failures: 0,
};

export function conclusionOf({ conclusion }: Facts): Conclusion {
  if (!conclusion) throw new Error('this run has not ended');
  return conclusion;
}

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
  /** That this instance of the object has tried to start this attempt: an outage of the edge does not count against it. */
  readonly tryingForMs: number;
  /** A request to start was sent, and its answer never came: the runner may hold the run. */
  readonly isStartUncertain: boolean;
  /** When a runner that was full expects to have a place, where one said so. */
  readonly roomInS?: number | undefined;
}

/** As long as a run waits for a budget answer and a free runner before it is refused. */
export const START_DEADLINE_MS = 15_000;
/** As often as a run is started at all. */
export const MOST_ATTEMPTS = 2;
/** While a run is under way an alarm is always armed: whoever kills its object, it comes back within this time. */
export const WATCHDOG_MS = 5_000;
/** A runner ends a run at its time limit. This much later it is told to, and this much later again it is not believed any more. */
export const OVERDUE_MS = 60_000;
/** What an object can do without is tried for so long and so often: a clock that is set does not cut it short. */
const TRIED_FOR_MS = 3_600_000;
const TRIED_TIMES = 20;
export const FRAMES_KEPT_MS = FRAMES_RETENTION_DAYS * 86_400_000;

export function nextStep(facts: Facts, trial: Trial): Step {
  if (!facts.isBegun) return { kind: 'wait' };
  if (facts.conclusion) return afterTheEnd(facts, facts.conclusion, trial.nowMs);
  if (facts.loss) return { kind: 'conclude', outcome: lost(facts.loss.detail) };
  if (facts.acceptedAtMs !== null) return { kind: 'follow' };
  if (facts.placement && trial.isStartUncertain) return { kind: 'recover' };
  if (facts.isCancelRequested) return { kind: 'conclude', outcome: CANCELLED_BEFORE_START };
  if (trial.tryingForMs >= START_DEADLINE_MS) {
    return { kind: 'conclude', outcome: facts.isReserved ? noCapacity(trial.roomInS) : METER_UNAVAILABLE };
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

/** Whether a duty that nobody will be able to do, such as to fetch a file from a runner that is gone, is done with. */
export function isTriedEnough(facts: Facts, nowMs: number): boolean {
  return facts.failures >= TRIED_TIMES && nowMs - conclusionOf(facts).endedAtMs >= TRIED_FOR_MS;
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

export type Punctuality = 'in-time' | 'cancel-now' | 'give-up';

/** By the time for which one instance of the object has seen the run go on: where it began anew, a run that outstays its time has more of it. */
export function punctuality(watchedForMs: number, timeoutMs: number): Punctuality {
  const overdueMs = watchedForMs - timeoutMs;
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

export function refused(cause: Cause, detail: string): Outcome {
  return { state: 'refused', cause, detail, exitCode: null };
}

function noCapacity(roomInS: number | undefined): Outcome {
  const outcome = refused('no_capacity', 'no runner of this region had a free place');
  return roomInS === undefined ? outcome : { ...outcome, retryAfterS: roomInS };
}

const MOST_DETAIL = 2_000;
const METER_UNAVAILABLE = refused('meter_unavailable', 'the budget could not be checked; nothing was started');
const CANCELLED_BEFORE_START: Outcome = {
  state: 'cancelled',
  cause: 'cancelled',
  detail: 'cancelled while it waited for a runner',
  exitCode: null,
};
