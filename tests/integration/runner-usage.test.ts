import { afterAll, beforeAll, expect, test } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';

import { type EngineName, MeteringWorld } from '../support/metering-world.ts';

/** A minute of it, on the host and on cgroup version 2, is in tests/conformance/metering.test.ts. */
let world: MeteringWorld;
beforeAll(async () => {
  world = await MeteringWorld.start();
});
afterAll(() => world.close());

const SPIN = `import os, time
def main(seconds, soma):
    child = os.fork()
    begun = time.process_time()
    while time.process_time() - begun < seconds / 2: pass
    if child == 0: os._exit(0)
    os.waitpid(child, 0)
    return 1
`;

test.each<[EngineName, IsolationClass, number]>([
  ['docker', 'standard', 10],
  ['docker', 'standard', 1_000],
  ['crun', 'standard', 10],
  ['crun', 'standard', 100],
  ['crun', 'standard', 3_000],
  ['runc', 'standard', 10],
  ['runc', 'standard', 1_000],
  ['crun', 'strict', 10],
  ['crun', 'strict', 1_000],
])(
  '%s, %s: %i ms of CPU, half of it in a child, are metered as the kernel accounts them',
  async (engine, isolation, cpuMs) => {
    const { meteredUs, kernelUs } = await world.measure({ engine, isolation, python: SPIN, input: cpuMs / 1_000 });
    // gVisor's own clock for processes is coarser than what the kernel charges.
    expect(meteredUs).toBeGreaterThanOrEqual(isolation === 'standard' ? cpuMs * 1_000 : 1);
    expect(Math.abs(kernelUs - meteredUs) / kernelUs).toBeLessThan(0.01);
    console.log(`${engine} ${isolation} ${cpuMs} ms: metered ${meteredUs} µs, parent group ${Math.round(kernelUs)} µs`);
  },
);
