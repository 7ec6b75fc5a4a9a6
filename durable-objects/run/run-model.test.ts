import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Placement } from '#contracts/objects';
import { NO_USAGE, type Outcome } from '#contracts/run';

import type { Judgement } from './judgement.ts';
import {
  endingOf,
  type Fact,
  type Facts,
  learn,
  lost,
  MOST_ATTEMPTS,
  nextStep,
  NOTHING_KNOWN,
  refused,
  START_DEADLINE_MS,
} from './lifecycle.ts';

/**
 * A run object reduced to its rules, and a world that does to it whatever a real one may: answers that come, come late or never, runners
 * that die, come back and remember or forget, cancels, losses reported twice, and the object itself restarted between any two steps.
 */
type Answer = 'yes' | 'no' | 'nothing';
type Event =
  | { readonly kind: 'step'; readonly answer: Answer; readonly end: Outcome; readonly runner: number }
  | { readonly kind: 'cancel' | 'crash' | 'wait' }
  | { readonly kind: 'lost'; readonly isHeld: boolean };

const SUCCEEDED: Outcome = { state: 'succeeded', cause: 'completed', detail: '', exitCode: 0 };
const FAILED: Outcome = { state: 'failed', cause: 'exit_code', detail: '', exitCode: 1 };
const RUNNER_DIED: Outcome = { state: 'lost', cause: 'runner_died', detail: 'the runner died', exitCode: null };

class Model {
  facts: Facts;
  readonly frames: { readonly kind: 'attempt' | 'end'; readonly seq: number }[] = [];
  readonly accepted: { readonly attempt: number; readonly runnerId: string }[] = [];
  readonly booked: Judgement[] = [];
  recorded = 0;
  collected = 0;
  private lastSeq = 0;
  private tryingForMs = 0;
  private isStartUncertain = false;

  constructor(isIdempotent: boolean) {
    this.facts = learn(NOTHING_KNOWN, { kind: 'begun', isIdempotent, placement: null });
  }

  get isDone(): boolean {
    return ['keep', 'done'].includes(nextStep(this.facts, this.trial).kind);
  }

  happen(event: Event): void {
    switch (event.kind) {
      case 'cancel':
        return this.learn({ kind: 'cancel-requested' });
      case 'wait':
        this.tryingForMs += START_DEADLINE_MS;
        return;
      case 'crash':
        return this.crash();
      case 'lost':
        if (this.facts.acceptedAtMs === null) return;
        return this.learn({ kind: 'given-up', loss: { detail: 'it is gone', isHeld: event.isHeld } });
      case 'step':
        return this.step(event);
    }
  }

  private get trial() {
    return { nowMs: 1, tryingForMs: this.tryingForMs, isStartUncertain: this.isStartUncertain };
  }

  /** What is only known in memory is gone; what was written is not. */
  private crash(): void {
    this.facts = { ...this.facts, isReserved: false };
    this.tryingForMs = 0;
    this.isStartUncertain = this.facts.placement !== null && this.facts.acceptedAtMs === null;
  }

  private step({ answer, end, runner }: Extract<Event, { kind: 'step' }>): void {
    const step = nextStep(this.facts, this.trial);
    switch (step.kind) {
      case 'reserve':
        if (answer === 'yes') this.learn({ kind: 'reserved' });
        if (answer === 'no') this.end(judged(refused('budget_exhausted', 'too little is left')));
        return;
      case 'start':
        return this.start(answer, { runnerId: `rnr_${runner}`, endpoint: 'https://runner.test' });
      case 'recover':
        if (answer === 'yes') this.accept();
        if (answer === 'no') this.learn({ kind: 'placed', placement: null });
        if (answer !== 'nothing') this.isStartUncertain = false;
        else if (end.state === 'lost') this.end(judged(end));
        return;
      case 'follow':
        this.lastSeq += 1;
        if (answer === 'yes') this.end(judged(end));
        if (answer === 'no') this.end(judged(lost('the runner went silent')));
        return;
      case 'conclude':
        return this.end(judged(step.outcome));
      case 'settle':
        if (answer === 'nothing') return this.learn({ kind: 'failed' });
        if (this.facts.conclusion) this.booked.push(this.facts.conclusion);
        return this.learn({ kind: 'settled' });
      case 'record':
        if (answer === 'nothing') return this.learn({ kind: 'failed' });
        this.recorded += 1;
        return this.learn({ kind: 'recorded' });
      case 'collect':
        if (answer === 'nothing') return this.learn({ kind: 'failed' });
        this.collected += 1;
        return this.learn({ kind: 'collected' });
      case 'forget':
        return this.learn({ kind: answer === 'nothing' ? 'failed' : 'forgotten' });
      default:
        return;
    }
  }

  private start(answer: Answer, placement: Placement): void {
    // The fleet is told never to choose who may hold the attempt before.
    if (this.facts.former?.heldBy?.runnerId === placement.runnerId) return;
    this.learn({ kind: 'placed', placement });
    this.isStartUncertain = true;
    if (answer === 'yes') this.accept();
    if (answer !== 'no') return;
    this.isStartUncertain = false;
    this.learn({ kind: 'placed', placement: null });
  }

  private accept(): void {
    const { placement, attempt } = this.facts;
    this.accepted.push({ attempt, runnerId: placement?.runnerId ?? '' });
    this.isStartUncertain = false;
    this.learn({ kind: 'accepted', atMs: 1 });
  }

  private end(judgement: Judgement): void {
    const ending = endingOf(this.facts, judgement);
    this.lastSeq += 1;
    const seq = this.lastSeq;
    if (ending.kind === 'conclude') {
      this.frames.push({ kind: 'end', seq });
      const conclusion = { ...ending.judgement, endSeq: seq, runnerEndSeq: null };
      return this.learn({ kind: 'concluded', conclusion });
    }
    this.frames.push({ kind: 'attempt', seq });
    const { placement, loss } = this.facts;
    const heldBy = loss?.isHeld === false ? null : placement;
    const former = { heldBy, runnerEndSeq: null, judgement: ending.former };
    this.learn({ kind: 'retried', former, seqOffset: seq });
    this.tryingForMs = 0;
    this.isStartUncertain = false;
  }

  private learn(fact: Fact): void {
    this.facts = learn(this.facts, fact);
  }
}

function judged(outcome: Outcome): Judgement {
  const isBillable = outcome.state !== 'refused' && outcome.state !== 'cancelled';
  return {
    outcome,
    usage: NO_USAGE,
    amountNanos: '0',
    isBillable,
    receipt: null,
    hasOutput: false,
    startedAtMs: null,
    endedAtMs: 1,
    left: outcome.state === 'succeeded' ? { artifacts: [], datasets: [], hasStateChanges: true } : undefined,
  };
}

const outcomes = fc.constantFrom(SUCCEEDED, FAILED, RUNNER_DIED);
const steps = fc.record({
  kind: fc.constant('step' as const),
  answer: fc.constantFrom<Answer>('yes', 'yes', 'no', 'nothing'),
  end: outcomes,
  runner: fc.nat({ max: 2 }),
});
const disturbances = fc.oneof(
  fc.record({ kind: fc.constantFrom('cancel' as const, 'crash' as const, 'wait' as const) }),
  fc.record({ kind: fc.constant('lost' as const), isHeld: fc.boolean() }),
);
const histories = fc.array(fc.oneof({ arbitrary: steps, weight: 4 }, disturbances), { maxLength: 60 });

/** From here on everybody answers. */
function letItFinish(model: Model): void {
  for (let step = 0; step < 40 && !model.isDone; step += 1) {
    model.happen({ kind: 'step', answer: 'yes', end: SUCCEEDED, runner: step % 3 });
  }
}

function played(isIdempotent: boolean, history: readonly Event[]): Model {
  const model = new Model(isIdempotent);
  for (const event of history) model.happen(event);
  letItFinish(model);
  return model;
}

function property(check: (model: Model, isIdempotent: boolean) => void): void {
  fc.assert(
    fc.property(fc.boolean(), histories, (isIdempotent, history) => check(played(isIdempotent, history), isIdempotent)),
    { numRuns: 2_000 },
  );
}

test('every run ends exactly once, whatever order answers, losses, cancels and restarts come in', () => {
  property((model) => {
    expect(model.isDone).toBe(true);
    expect(model.frames.filter(({ kind }) => kind === 'end')).toHaveLength(1);
    expect(model.frames.at(-1)?.kind).toBe('end');
  });
});

test('every run is booked once and recorded once, as it ended', () => {
  property((model) => {
    expect(model.booked).toEqual([model.facts.conclusion]);
    expect(model.recorded).toBe(1);
  });
});

test('what a run left is fetched once, and only where it left something', () => {
  property((model) => {
    expect(model.collected).toBe(model.facts.conclusion?.left ? 1 : 0);
  });
});

test('a run is started again only where its capsule is idempotent, and never more than once', () => {
  property((model, isIdempotent) => {
    expect(model.facts.attempt).toBeLessThanOrEqual(isIdempotent ? MOST_ATTEMPTS : 1);
    const attempts = model.accepted.map(({ attempt }) => attempt);
    expect(attempts).toEqual([...new Set(attempts)].toSorted((a, b) => a - b));
  });
});

test('watchers hear of every attempt but the first', () => {
  property((model) => {
    expect(model.frames.filter(({ kind }) => kind === 'attempt')).toHaveLength(model.facts.attempt - 1);
  });
});

test('a second attempt never goes to a runner that may hold the first', () => {
  property((model) => {
    const second = model.accepted.filter(({ attempt }) => attempt === 2).map(({ runnerId }) => runnerId);
    expect(second).not.toContain(model.facts.former?.heldBy?.runnerId);
  });
});

test('what has run is never refused', () => {
  property((model) => {
    const isRefused = model.facts.conclusion?.outcome.state === 'refused';
    expect(isRefused && model.accepted.length > 0).toBe(false);
  });
});

test('nothing changes how a run ended', () => {
  fc.assert(
    fc.property(fc.boolean(), histories, histories, (isIdempotent, before, after) => {
      const model = played(isIdempotent, before);
      const { conclusion } = model.facts;
      for (const event of after) model.happen(event);
      expect(model.facts.conclusion).toEqual(conclusion);
      expect(model.isDone).toBe(true);
    }),
  );
});
