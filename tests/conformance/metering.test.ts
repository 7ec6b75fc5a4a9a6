import { afterAll, beforeAll, expect, test } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';

import { expectMetered } from '../support/expect-metered.ts';
import { type EngineName, MeteringWorld } from '../support/metering-world.ts';
import { partsOf, SPIN } from '../support/spinning-capsule.ts';

/** A minute in each kind of sandbox. Runs on the host, and in a guest on cgroup version 2. */

const MINUTE_MS = 60_000;
const LIMIT_MS = 900_000;

let world: MeteringWorld;
beforeAll(async () => {
  world = await MeteringWorld.start();
});
afterAll(() => world.close());

test.each<[EngineName, IsolationClass]>([
  ['crun', 'standard'],
  ['runc', 'standard'],
  ['docker', 'standard'],
  ['crun', 'strict'],
])(
  '%s, %s: a minute of CPU, half of it in a child, is metered within one percent, and so are the time and the memory it takes',
  async (engine, isolation) => {
    const measured = await world.measure({ engine, isolation, python: SPIN, input: MINUTE_MS / 1_000 });
    expectMetered(measured, { engine, isolation, ms: MINUTE_MS });

    const { usage, hostUs } = measured;
    const { own } = partsOf(measured);
    for (const seenUs of [own.wallUs, hostUs]) {
      expect(Math.abs(seenUs - usage.wallUs) / usage.wallUs).toBeLessThan(0.01);
    }
    if (isolation === 'strict') return;
    expect(Math.abs(own.cpuUs - usage.cpuUs) / usage.cpuUs).toBeLessThan(0.01);
  },
  LIMIT_MS,
);
