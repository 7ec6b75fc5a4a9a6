import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';

import type { Frame } from '#contracts/frames';
import type { RunId } from '#contracts/ids';
import type { Outcome } from '#contracts/run';
import { MOST_ATTEMPTS } from '#durable-objects/run/lifecycle';

import type { ReceiptKind } from './support/fake-runner.ts';
import { crash, leaveNothing, lines, numbers } from './support/runs.ts';
import { Watcher } from './support/watcher.ts';
import {
  anotherRunner,
  eventually,
  onlyRunner,
  passSeconds,
  runNamed,
  SUCCEEDED,
  TestTenant,
  USAGE,
} from './support/world.ts';

/**
 * A real run object, with the real meter and fleet, between two runners, a database and watchers that do to it whatever they may: in workerd,
 * so that what is tried is what runs. `durable-objects/run/run-model.test.ts` tries the rules alone, and a thousand times as many histories.
 */
const FAILED: Outcome = { state: 'failed', cause: 'exit_code', detail: 'exit 1', exitCode: 1 };
const DIED: Outcome = { state: 'lost', cause: 'runner_died', detail: 'the runner died', exitCode: null };

type Runner = Awaited<ReturnType<typeof anotherRunner>>;

/** Goes on after the last frame that it has seen, however often it is interrupted. */
class PatientWatcher {
  readonly frames: Frame[] = [];
  readonly isDone: Promise<void>;
  private current: Watcher | undefined;

  constructor(runId: RunId) {
    this.isDone = this.watch(runId);
  }

  async interrupt(): Promise<void> {
    await this.current?.leave().catch(() => undefined);
  }

  private async watch(runId: RunId): Promise<void> {
    while (this.frames.at(-1)?.kind !== 'end') {
      try {
        this.current = await Watcher.open(runNamed(runId), this.frames.at(-1)?.seq ?? 0);
        await this.current.all();
      } catch {
        // The object died; the next one goes on.
      }
      this.frames.push(...(this.current?.frames ?? []));
      this.current = undefined;
      await scheduler.wait(1);
    }
  }
}

class World {
  readonly runners: readonly Runner[];
  readonly tenant = new TestTenant();
  readonly watchers: PatientWatcher[] = [];
  runId!: RunId;
  crashes = 0;

  private constructor(runners: readonly Runner[]) {
    this.runners = runners;
  }

  static async begin(isIdempotent: boolean): Promise<World> {
    const world = new World([await onlyRunner(), await anotherRunner()]);
    const { runId } = await world.tenant.begin({}, isIdempotent);
    world.runId = runId;
    world.watchers.push(new PatientWatcher(runId));
    return world;
  }

  get run() {
    return runNamed(this.runId);
  }

  runner(index: number): Runner {
    const found = this.runners[index % this.runners.length];
    if (!found) throw new Error('there is no such runner');
    return found;
  }

  /** What a runner that does not hold the run cannot do is not done. */
  async at(index: number, deed: (runner: Runner['runner']) => Promise<unknown>): Promise<void> {
    const { runner } = this.runner(index);
    if (await runner.isUnderWay(this.runId)) await deed(runner);
  }

  async crash(): Promise<void> {
    this.crashes += 1;
    await crash(this.run);
    await runDurableObjectAlarm(this.run);
  }

  /** From here on everybody is well, and whoever has the run ends it. */
  async finish(): Promise<void> {
    for (const { runner } of this.runners) await runner.become('well');
    await eventually('all is done', async () => {
      await passSeconds(1, async () => {
        for (const { heartbeat } of this.runners) await heartbeat();
      });
      for (const index of this.runners.keys())
        await this.at(index, (runner) => runner.end(this.runId, endingAs(SUCCEEDED)));
      await runDurableObjectAlarm(this.run);
      return this.isForgotten();
    });
    await Promise.all(this.watchers.map(({ isDone }) => isDone));
  }

  private isForgotten(): Promise<boolean> {
    return runInDurableObject(this.run, (_run, { storage }) => {
      const row = storage.sql.exec('SELECT is_forgotten FROM run').one();
      return row['is_forgotten'] === 1;
    });
  }

  framesKept(): Promise<Frame['kind'][]> {
    return runInDurableObject(this.run, (_run, { storage }) =>
      storage.sql
        .exec<{ kind: Frame['kind'] }>('SELECT kind FROM frames ORDER BY seq')
        .toArray()
        .map(({ kind }) => kind),
    );
  }
}

function endingAs(outcome: Outcome, receipt: ReceiptKind = 'valid') {
  return { outcome, usage: USAGE, receipt };
}

interface Deed {
  readonly name: string;
  readonly run: (world: World) => Promise<unknown>;
}

const which = fc.nat(1);
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: named('say', fc.tuple(which, fc.integer({ min: 1, max: 5 })), (world, [index, count]) =>
      world.at(index, (runner) => runner.say(world.runId, lines(count))),
    ),
  },
  named('repeat frames', which, (world, index) => world.at(index, (runner) => runner.repeatFrames(world.runId, 1))),
  named('cut the stream', which, (world, index) => world.at(index, (runner) => runner.cut(world.runId))),
  named('be unreachable', which, (world, index) => world.runner(index).runner.become('unreachable')),
  named('be well', which, (world, index) => world.runner(index).runner.become('well')),
  named('be full', which, (world, index) => world.runner(index).runner.become('full')),
  named('restart', which, async (world, index) => {
    const { runner, heartbeat } = world.runner(index);
    const lost = await runner.restart();
    await heartbeat({ lostRunIds: lost.includes(world.runId) ? [world.runId] : [] });
  }),
  {
    weight: 2,
    arbitrary: named(
      'end',
      fc.tuple(
        which,
        fc.constantFrom(SUCCEEDED, FAILED, DIED, DIED),
        fc.constantFrom<ReceiptKind>('valid', 'valid', 'altered', 'none'),
      ),
      (world, [index, outcome, receipt]) =>
        world.at(index, (runner) => runner.end(world.runId, endingAs(outcome, receipt))),
    ),
  },
  { weight: 2, arbitrary: named('crash', fc.constant(0), (world) => world.crash()) },
  named('cancel', fc.integer({ min: 1, max: 3 }), (world, times) =>
    Promise.all(numbers(times).map(() => world.run.cancel())),
  ),
  named('report it lost', which, (world, index) => world.run.reportLost('it is gone', world.runner(index).runnerId)),
  named('hear nothing', fc.integer({ min: 1, max: 10 }), (_world, seconds) => passSeconds(seconds)),
  named('hear of both', fc.constant(0), (world) => Promise.all(world.runners.map(({ heartbeat }) => heartbeat()))),
  named('lose the database', fc.integer({ min: 1, max: 2 }), (world, times) => world.tenant.database.failNext(times)),
  named('wake it', fc.constant(0), (world) => runDurableObjectAlarm(world.run)),
  named('watch', fc.constant(0), async (world) => world.watchers.push(new PatientWatcher(world.runId))),
  named('interrupt watchers', fc.constant(0), (world) =>
    Promise.all(world.watchers.map((watcher) => watcher.interrupt())),
  ),
);

function named<T>(
  name: string,
  details: fc.Arbitrary<T>,
  run: (world: World, detail: T) => Promise<unknown>,
): fc.Arbitrary<Deed> {
  return details.map((detail) => ({
    name,
    run: (world) => run(world, detail),
    [fc.toStringMethod]: () => `${name} ${JSON.stringify(detail)}`,
  }));
}

afterEach(leaveNothing);

test('a run ends exactly once, for its watchers, its meter and its database, whatever happens on the way', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(deeds, { minLength: 3, maxLength: 14, size: 'max' }),
      async (isIdempotent, story) => {
        const world = await World.begin(isIdempotent);
        for (const { run } of story) await run(world);
        await world.finish();

        const kept = await world.framesKept();
        expect(kept.filter((kind) => kind === 'end')).toHaveLength(1);
        expect(kept.at(-1)).toBe('end');
        for (const { frames } of world.watchers) expect(frames.map(({ seq }) => seq)).toEqual(numbers(kept.length));
        const [ended, ...again] = await world.tenant.endedRuns();
        // Told twice where the object died before it knew that it had told it; the database keeps the first.
        expect(again).toEqual(again.map(() => ended));
        expect(again.length).toBeLessThanOrEqual(world.crashes);
        expect(ended?.attempts).toBe(1 + kept.filter((kind) => kind === 'attempt').length);
        expect(ended?.attempts).toBeLessThanOrEqual(isIdempotent ? MOST_ATTEMPTS : 1);
        // Whatever is cut, repeated or lost, what is read of a stream is frames in their order.
        expect(ended?.outcome.cause).not.toBe('protocol_error');
        const isBilled = ended?.receipt !== null;
        expect(await world.tenant.meter.summary()).toMatchObject({
          runs: isBilled ? 1 : 0,
          settledNanos: ended?.amountNanos,
          reservedNanos: '0',
        });
        for (const { runner } of world.runners) expect(await runner.holds(world.runId)).toBe(false);
      },
    ),
    { numRuns: 15, endOnFailure: true },
  );
}, 120_000);
