import { afterAll, beforeAll, test } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';

import { expectMetered } from '../support/expect-metered.ts';
import { type EngineName, MeteringWorld } from '../support/metering-world.ts';
import { SPIN } from '../support/spinning-capsule.ts';

/** A minute of it, on the host and on cgroup version 2, is in tests/conformance/metering.test.ts; the wall by itself in tests/metering. */
let world: MeteringWorld;
beforeAll(async () => {
  world = await MeteringWorld.start();
});
afterAll(() => world.close());

test.each<[EngineName, IsolationClass, number]>([
  ['docker', 'standard', 10],
  ['docker', 'standard', 100],
  ['docker', 'standard', 1_000],
  ['crun', 'standard', 10],
  ['crun', 'standard', 100],
  ['crun', 'standard', 1_000],
  ['runc', 'standard', 10],
  ['runc', 'standard', 100],
  ['runc', 'standard', 1_000],
  ['crun', 'strict', 10],
  ['crun', 'strict', 100],
  ['crun', 'strict', 1_000],
])(
  '%s, %s: a run of %i ms, half of its CPU in a child, is metered as kernel, capsule and host account for it',
  async (engine, isolation, ms) => {
    const measured = await world.measure({ engine, isolation, python: SPIN, input: ms / 1_000 });
    expectMetered(measured, { engine, isolation, ms });
  },
);
