import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { begin, type Effect, type Exit, type Lifecycle, type Limits, type Signal, step } from './lifecycle.ts';

const LIMITS: Limits = { timeoutMs: 1_000, memoryBytes: 2 ** 27, pids: 64, needsResult: true, isolation: 'standard' };
const CLEAN_EXIT: Exit = {
  exitCode: 0,
  signal: null,
  isTimedOut: false,
  oomKills: 0,
  pidsRefusals: 0,
  isHeapExhausted: false,
};

function play(signals: readonly Signal[], limits = LIMITS): { run: Lifecycle; effects: Effect[] } {
  let run = begin(limits);
  const effects: Effect[] = [];
  for (const signal of signals) {
    const next = step(run, signal);
    run = next.run;
    if (next.effect !== 'none') effects.push(next.effect);
  }
  return { run, effects };
}

function endOf(...signals: Signal[]) {
  const { outcome } = play(signals).run;
  return outcome && { state: outcome.state, cause: outcome.cause, exitCode: outcome.exitCode };
}

const exit = fc.oneof(
  fc.record({ exitCode: fc.nat({ max: 255 }), signal: fc.constant(null) }),
  fc.record({ exitCode: fc.constant(null), signal: fc.integer({ min: 1, max: 31 }) }),
);
const exited = fc
  .record({
    end: exit,
    isTimedOut: fc.boolean(),
    oomKills: fc.nat({ max: 2 }),
    pidsRefusals: fc.nat({ max: 2 }),
    isHeapExhausted: fc.boolean(),
  })
  .map(({ end, ...rest }): Signal => ({ kind: 'exited', exit: { ...end, ...rest } }));
const finalSignal: fc.Arbitrary<Signal> = fc.oneof(
  exited,
  fc.record({
    kind: fc.constant('vanished' as const),
    oomKills: fc.nat({ max: 2 }),
    pidsRefusals: fc.nat({ max: 2 }),
    isAbandoned: fc.boolean(),
  }),
);
const stopSignal: fc.Arbitrary<Signal> = fc.constantFrom<Signal>(
  { kind: 'cancelled' },
  { kind: 'wall_limit' },
  { kind: 'output_limit', limitBytes: 1_024 },
  { kind: 'meter_limit', detail: 'too many tokens' },
  { kind: 'state_limit', detail: 'too many keys' },
  { kind: 'output_invalid', detail: 'not JSON' },
  { kind: 'runner_stopped' },
  { kind: 'runner_cut_off' },
  { kind: 'spool_failed' },
);
const anySignal: fc.Arbitrary<Signal> = fc.oneof(
  finalSignal,
  stopSignal,
  fc.constant<Signal>({ kind: 'result' }),
  fc.constant<Signal>({ kind: 'artifact_refused', cause: 'artifact_invalid', detail: 'a link' }),
  fc.constantFrom<Signal>(
    { kind: 'complained', cause: 'uncaught', message: 'Error: boom' },
    { kind: 'complained', cause: 'output_invalid', message: 'undefined' },
  ),
);

describe('whatever order signals come in', () => {
  test('a run ends exactly once, is killed at most once, and never killed after its end', () => {
    fc.assert(
      fc.property(fc.array(anySignal, { maxLength: 12 }), finalSignal, fc.array(anySignal), (before, last, after) => {
        const { effects } = play([...before, last, ...after]);
        expect(effects.filter((effect) => effect === 'end')).toHaveLength(1);
        expect(effects.filter((effect) => effect === 'kill').length).toBeLessThanOrEqual(1);
        expect(effects.indexOf('kill')).toBeLessThan(effects.indexOf('end'));
      }),
    );
  });

  test('the outcome does not change after the end', () => {
    fc.assert(
      fc.property(fc.array(anySignal), finalSignal, fc.array(anySignal), (before, last, after) => {
        const atTheEnd = play([...before, last]).run.outcome;
        expect(atTheEnd).toBeDefined();
        expect(play([...before, last, ...after]).run.outcome).toEqual(atTheEnd);
      }),
    );
  });

  test('the first reason to stop decides, and not how the sandbox ended', () => {
    fc.assert(
      fc.property(fc.array(stopSignal, { minLength: 1 }), finalSignal, (stops, last) => {
        expect(play([...stops, last]).run.outcome?.cause).toBe(stops[0]?.kind);
      }),
    );
  });

  test('a run succeeds only with exit code 0, a result, and nothing that went wrong', () => {
    fc.assert(
      fc.property(fc.array(anySignal), finalSignal, (before, last) => {
        const { outcome } = play([...before, last]).run;
        if (outcome?.state !== 'succeeded') return;
        expect(outcome.exitCode).toBe(0);
        expect(before.some(({ kind }) => kind === 'result')).toBe(true);
        expect(before.some(({ kind }) => kind === 'artifact_refused')).toBe(false);
      }),
    );
  });

  test('a sandbox that vanishes never counts as success', () => {
    fc.assert(
      fc.property(fc.array(anySignal), fc.nat({ max: 2 }), (before, oomKills) => {
        const ended = play([
          ...before.filter(({ kind }) => kind !== 'exited'),
          { kind: 'vanished', oomKills, pidsRefusals: 0, isAbandoned: false },
        ]);
        expect(ended.run.outcome?.state).not.toBe('succeeded');
      }),
    );
  });
});

describe('how an end is named', () => {
  test('a clean exit with a result is a success', () => {
    expect(endOf({ kind: 'result' }, { kind: 'exited', exit: CLEAN_EXIT })).toEqual({
      state: 'succeeded',
      cause: 'completed',
      exitCode: 0,
    });
  });

  test('a handler that leaves without a result has failed', () => {
    expect(endOf({ kind: 'exited', exit: CLEAN_EXIT })).toMatchObject({ state: 'failed', cause: 'output_invalid' });
  });

  test('a program may end without a result', () => {
    const { run } = play([{ kind: 'exited', exit: CLEAN_EXIT }], { ...LIMITS, needsResult: false });
    expect(run.outcome?.state).toBe('succeeded');
  });

  test('an exit code other than 0 is a failure with that code', () => {
    expect(endOf({ kind: 'exited', exit: { ...CLEAN_EXIT, exitCode: 7 } })).toEqual({
      state: 'failed',
      cause: 'exit_code',
      exitCode: 7,
    });
  });

  test('a signal becomes the exit code a shell would show', () => {
    expect(endOf({ kind: 'exited', exit: { ...CLEAN_EXIT, exitCode: null, signal: 11 } })).toMatchObject({
      exitCode: 139,
    });
  });

  test('a kill for lack of memory is out of memory, also where process 1 fell to it', () => {
    const killed = { ...CLEAN_EXIT, exitCode: null, signal: 9, oomKills: 1 };
    expect(endOf({ kind: 'exited', exit: killed })).toMatchObject({ state: 'out_of_memory', cause: 'oom_kill' });
    expect(endOf({ kind: 'vanished', oomKills: 1, pidsRefusals: 1, isAbandoned: false })).toMatchObject({
      state: 'out_of_memory',
      cause: 'oom_kill',
    });
  });

  test('a run that outlived the death of a child of its own is not out of memory', () => {
    expect(endOf({ kind: 'result' }, { kind: 'exited', exit: { ...CLEAN_EXIT, oomKills: 1 } })).toMatchObject({
      state: 'succeeded',
    });
  });

  test('a sandbox that is gone without a word is lost', () => {
    expect(endOf({ kind: 'vanished', oomKills: 0, pidsRefusals: 0, isAbandoned: false })).toMatchObject({
      state: 'lost',
      cause: 'sandbox_died',
    });
  });

  test('a strict sandbox that is gone was ended by the run, which pays for it', () => {
    const { run } = play([{ kind: 'vanished', oomKills: 0, pidsRefusals: 0, isAbandoned: false }], {
      ...LIMITS,
      isolation: 'strict',
    });
    expect(run.outcome).toMatchObject({ state: 'failed', cause: 'sandbox_died' });
  });

  test('a strict sandbox that was taken along by what kept it is lost', () => {
    const vanished = { kind: 'vanished', oomKills: 0, pidsRefusals: 0, isAbandoned: true } as const;
    const { run } = play([vanished], { ...LIMITS, isolation: 'strict' });
    expect(run.outcome).toMatchObject({ state: 'lost', cause: 'sandbox_died' });
  });

  test('a sandbox that fell to its limit of processes has exceeded it', () => {
    expect(endOf({ kind: 'vanished', oomKills: 0, pidsRefusals: 3, isAbandoned: false })).toMatchObject({
      state: 'limit_exceeded',
      cause: 'pids_limit',
    });
  });

  test('an uncaught error is told as the capsule told it', () => {
    const { run } = play([
      { kind: 'complained', cause: 'uncaught', message: 'TypeError: boom' },
      { kind: 'exited', exit: { ...CLEAN_EXIT, exitCode: 1 } },
    ]);
    expect(run.outcome).toMatchObject({ state: 'failed', cause: 'uncaught', detail: 'TypeError: boom' });
  });
});
