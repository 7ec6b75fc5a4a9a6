import fc from 'fast-check';
import { expect, test } from 'vitest';

import { NO_USAGE } from '#contracts/run';

import type { Conclusion, Judgement } from './judgement.ts';
import {
  endingOf,
  type Facts,
  FRAMES_KEPT_MS,
  incomprehensible,
  lost,
  nextStep,
  NOTHING_KNOWN,
  OVERDUE_MS,
  punctuality,
  refused,
  START_DEADLINE_MS,
  type Trial,
} from './lifecycle.ts';

const FRESH: Facts = { ...NOTHING_KNOWN, isBegun: true };
const CONCLUSION: Conclusion = {
  outcome: { state: 'succeeded', cause: 'exit_code', detail: '', exitCode: 0 },
  usage: NO_USAGE,
  amountNanos: '0',
  isBillable: true,
  receipt: 'a.b.c',
  hasOutput: true,
  startedAtMs: 1,
  endedAtMs: 2,
  endSeq: 3,
  runnerEndSeq: 3,
};
const PLACEMENT = { runnerId: 'rnr_a', endpoint: 'https://a.test' };
const NOW: Trial = { nowMs: 10, tryingForMs: 0, isStartUncertain: false };

function step(facts: Partial<Facts>, trial: Partial<Trial> = {}) {
  return nextStep({ ...FRESH, ...facts }, { ...NOW, ...trial });
}

test('a run goes from step to step as facts come in', () => {
  const facts: Partial<Facts>[] = [
    { isBegun: false },
    {},
    { isReserved: true },
    { isReserved: true, placement: PLACEMENT, acceptedAtMs: 1 },
    { conclusion: CONCLUSION },
    { conclusion: CONCLUSION, isSettled: true },
    { conclusion: CONCLUSION, isSettled: true, isRecorded: true },
    { conclusion: CONCLUSION, isSettled: true, isRecorded: true, isForgotten: true },
    { conclusion: CONCLUSION, isSettled: true, isRecorded: true, isForgotten: true, isExpired: true },
  ];
  const kinds = facts.map((known) => step(known).kind);
  expect(kinds).toEqual(['wait', 'reserve', 'start', 'follow', 'settle', 'record', 'forget', 'keep', 'done']);
});

test('its frames are kept for their time, and for no longer', () => {
  const facts = { conclusion: CONCLUSION, isSettled: true, isRecorded: true, isForgotten: true };
  const untilMs = CONCLUSION.endedAtMs + FRAMES_KEPT_MS;
  expect(step(facts, { nowMs: untilMs - 1 })).toEqual({ kind: 'keep', untilMs });
  expect(step(facts, { nowMs: untilMs })).toEqual({ kind: 'expire' });
});

test('where the answer of a runner was lost, that runner is asked what it knows before anything else', () => {
  const uncertain = { isReserved: true, placement: PLACEMENT };
  expect(step(uncertain, { isStartUncertain: true }).kind).toBe('recover');
  expect(step({ ...uncertain, isCancelRequested: true }, { isStartUncertain: true }).kind).toBe('recover');
  expect(step(uncertain, { isStartUncertain: true, tryingForMs: START_DEADLINE_MS }).kind).toBe('recover');
});

test('a run that is cancelled before it started ends as cancelled', () => {
  expect(step({ isCancelRequested: true })).toMatchObject({ kind: 'conclude', outcome: { state: 'cancelled' } });
});

test('a run that is cancelled later is followed to its end', () => {
  expect(step({ isCancelRequested: true, acceptedAtMs: 1, placement: PLACEMENT }).kind).toBe('follow');
});

test('a run that found no runner in time is refused for want of capacity, one that found no meter says so', () => {
  const late = { tryingForMs: START_DEADLINE_MS };
  expect(step({ isReserved: true }, late)).toMatchObject({ outcome: { state: 'refused', cause: 'no_capacity' } });
  expect(step({ isReserved: true }, { ...late, roomInS: 7 })).toMatchObject({
    outcome: { cause: 'no_capacity', retryAfterS: 7 },
  });
  expect(step({}, late)).toMatchObject({ outcome: { state: 'refused', cause: 'meter_unavailable' } });
});

test('a run that has ended is never started, followed or ended again', () => {
  const someFacts = fc.record({
    isCancelRequested: fc.boolean(),
    loss: fc.option(fc.record({ detail: fc.string(), isHeld: fc.boolean() })),
    isReserved: fc.boolean(),
    placement: fc.option(fc.constant(PLACEMENT)),
    acceptedAtMs: fc.option(fc.nat()),
    isSettled: fc.boolean(),
    isRecorded: fc.boolean(),
    isForgotten: fc.boolean(),
    isExpired: fc.boolean(),
  });
  const attempts = fc.record({ nowMs: fc.nat(), tryingForMs: fc.nat(), isStartUncertain: fc.boolean() });
  fc.assert(
    fc.property(someFacts, attempts, (facts, attempt) => {
      const { kind } = step({ ...facts, conclusion: CONCLUSION }, attempt);
      expect(['settle', 'record', 'forget', 'keep', 'expire', 'done']).toContain(kind);
    }),
  );
});

const LOST: Judgement = { ...CONCLUSION, outcome: lost('the runner is gone'), isBillable: false, receipt: null };
const FORMER = { heldBy: PLACEMENT, runnerEndSeq: null, judgement: LOST };

test('a lost run of an idempotent capsule is started once more, and only once', () => {
  const running = { ...FRESH, isIdempotent: true, placement: PLACEMENT, acceptedAtMs: 1 };
  expect(endingOf(running, LOST).kind).toBe('retry');
  expect(endingOf({ ...running, attempt: 2, former: FORMER }, LOST)).toEqual({ kind: 'conclude', judgement: LOST });
});

test.each([
  ['whose capsule is not idempotent', { isIdempotent: false }],
  ['that was to be cancelled', { isIdempotent: true, isCancelRequested: true }],
])('a lost run %s ends as lost', (_which, facts) => {
  expect(endingOf({ ...FRESH, ...facts, placement: PLACEMENT }, LOST)).toEqual({ kind: 'conclude', judgement: LOST });
});

test.each([
  ['ended long after its time', { loss: { detail: 'it outstayed its time', isHeld: true } }, LOST],
  ['said what nobody understands', {}, { ...LOST, outcome: incomprehensible('no frame') }],
])('a run whose runner answers, and that %s, is not started again: it may go on there', (_what, facts, judgement) => {
  const running = { ...FRESH, ...facts, isIdempotent: true, placement: PLACEMENT, acceptedAtMs: 1 };
  expect(endingOf(running, judgement).kind).toBe('conclude');
});

test('a run that failed is not started again', () => {
  expect(endingOf({ ...FRESH, isIdempotent: true }, CONCLUSION).kind).toBe('conclude');
});

test('a run that cannot be started again was lost, with what its first runner proved', () => {
  const waiting = { ...FRESH, isIdempotent: true, attempt: 2, former: { ...FORMER, judgement: CONCLUSION } };
  const none = { ...LOST, outcome: refused('no_capacity', 'no runner had a free place') };
  expect(endingOf(waiting, none)).toMatchObject({
    kind: 'conclude',
    judgement: { isBillable: true, receipt: CONCLUSION.receipt, outcome: { state: CONCLUSION.outcome.state } },
  });
});

test('a run that outstays its time is cancelled, and then given up', () => {
  expect(punctuality(30_000, 30_000)).toBe('in-time');
  expect(punctuality(30_000 + OVERDUE_MS, 30_000)).toBe('cancel-now');
  expect(punctuality(30_000 + 2 * OVERDUE_MS, 30_000)).toBe('give-up');
});
