import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EngineName, MeteringWorld } from '../support/metering-world.ts';
import { partsOf, SPIN } from '../support/spinning-capsule.ts';

/** How exact wall time is where one percent of it is a tenth of a millisecond. */
let world: MeteringWorld;
beforeAll(async () => {
  world = await MeteringWorld.start();
});
afterAll(() => world.close());

/**
 * What of the metered time is not accounted for by the capsule's own clock and by the counters of its start and its end: process 1 hears of
 * the end, kills and buries what is left. Whatever else keeps the run from a processor at its end comes on top, and only ever on top.
 */
async function unexplainedUs(engine: EngineName, ms: number): Promise<number> {
  const measured = await world.measure({ engine, isolation: 'standard', python: SPIN, input: ms / 1_000 });
  const { own, start, endUs } = partsOf(measured);
  return measured.usage.wallUs - own.wallUs - start.wallUs - endUs;
}

const ENGINES: readonly EngineName[] = ['docker', 'crun', 'runc'];
const LENGTHS = [
  { ms: 10, runs: 10 },
  { ms: 100, runs: 6 },
  { ms: 1_000, runs: 3 },
];
/** A machine that is busy for a while adds to every run meanwhile, and takes nothing away later. */
const PATIENCE_MS = 60_000;

test.each(ENGINES.flatMap((engine) => LENGTHS.map(({ ms, runs }) => [engine, ms, runs] as const)))(
  '%s: the wall time of a run of %i ms is its own and what an empty one takes, within one percent',
  async (engine, ms, runs) => {
    const onePercentUs = ms * 10;
    const begunAt = performance.now();
    let leastEmpty = Number.POSITIVE_INFINITY;
    let leastFull = Number.POSITIVE_INFINITY;
    const differenceUs = () => Math.abs(leastFull - leastEmpty);
    const isInDoubt = () => differenceUs() >= onePercentUs && performance.now() - begunAt < PATIENCE_MS;
    for (let turn = 0; turn < runs || isInDoubt(); turn += 1) {
      leastEmpty = Math.min(leastEmpty, await unexplainedUs(engine, 0));
      leastFull = Math.min(leastFull, await unexplainedUs(engine, ms));
    }
    console.log(`${engine} ${ms} ms: empty ${Math.round(leastEmpty)} µs, full ${Math.round(leastFull)} µs`);
    expect(differenceUs()).toBeLessThan(onePercentUs);
  },
);
