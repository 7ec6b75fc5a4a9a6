import type { Artifact } from '#contracts/artifact';
import type { DatasetPart } from '#contracts/dataset';
import type { Placement } from '#contracts/objects';
import type { Outcome, Usage } from '#contracts/run';

/**
 * What is known of one run. Everything a run object does follows from these facts (`lifecycle.ts`), so that a new instance of it goes on
 * where the last one stopped.
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
  /** Whoever held the run knows that it may be forgotten. */
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

/** What the end of a run is, before it has a number of its own. */
export interface Judgement {
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
  /** What the receipt says the run left behind; absent where that is nothing. */
  readonly left?: Left | undefined;
}

export interface Left {
  readonly artifacts: readonly Artifact[];
  readonly datasets: readonly DatasetPart[];
  /** Whether what the run did to its installation's state counts. */
  readonly hasStateChanges: boolean;
}

/** How the run ended, as its tenant is told, and what follows from it. */
export interface Conclusion extends Judgement {
  /** The number of our `end` frame, and of the runner's by its own count; the latter is null where none came. */
  readonly endSeq: number;
  readonly runnerEndSeq: number | null;
}

export interface FormerAttempt {
  /** Who may hold it still; null where nobody does. No later attempt goes there: it would be answered with this one. */
  readonly heldBy: Placement | null;
  readonly runnerEndSeq: number | null;
  /** How the run would have ended: and how it ends where it cannot be started again. */
  readonly judgement: Judgement;
}

export type Fact = FactOnTheWay | FactAfterTheEnd;
type FactAfterTheEnd = { readonly kind: 'settled' | 'recorded' | 'collected' | 'forgotten' | 'expired' | 'failed' };
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
