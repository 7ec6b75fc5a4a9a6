import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import type { IsolationClass } from '#contracts/isolation';

import { type EngineName, MeteringWorld } from '../support/metering-world.ts';

/** A minute of CPU in each kind of sandbox. Runs on the host, and in a guest on cgroup version 2. */

const CPU_SECONDS = 60;
const LIMIT_MS = 900_000;

let world: MeteringWorld;
beforeAll(async () => {
  world = await MeteringWorld.start();
});
afterAll(() => world.close());

/** Tells what the kernel charged its two processes by getrusage(2): an account of tasks, not of groups. */
const SPIN = `import os, resource, time
def used(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
def main(seconds, soma):
    child = os.fork()
    begun = time.process_time()
    while time.process_time() - begun < seconds / 2: pass
    if child == 0: os._exit(0)
    os.waitpid(child, 0)
    return (used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)) * 1e6
`;

test.each<[EngineName, IsolationClass]>([
  ['crun', 'standard'],
  ['runc', 'standard'],
  ['docker', 'standard'],
  ['crun', 'strict'],
])(
  '%s, %s: a minute of CPU, half of it in a child, is metered within one percent',
  async (engine, isolation) => {
    const { meteredUs, kernelUs, wallUs, output } = await world.measure({
      engine,
      isolation,
      python: SPIN,
      input: CPU_SECONDS,
    });
    const ownUs = z.number().parse(output);
    console.log(
      `${engine} ${isolation}: metered ${meteredUs} µs, parent group ${Math.round(kernelUs)} µs, ` +
        `its own processes ${Math.round(ownUs)} µs, within ${wallUs} µs`,
    );
    expect(Math.abs(kernelUs - meteredUs) / kernelUs).toBeLessThan(0.01);
    // What a process uses in gVisor is what gVisor thinks it uses; the kernel charges for gVisor, too.
    if (isolation === 'strict') return;
    expect(meteredUs).toBeGreaterThanOrEqual(CPU_SECONDS * 1e6);
    expect(Math.abs(ownUs - meteredUs) / meteredUs).toBeLessThan(0.01);
  },
  LIMIT_MS,
);
