import { z } from 'zod';

import type { Measured } from './metering-world.ts';

/**
 * Uses as many seconds of CPU as it is told, half of them in a child and one after the other, so that it takes as long on the wall. Tells what getrusage(2)
 * says of it and its children and what the monotonic clock says, both before that and after. It looks at the clock seldom: to ask takes
 * gVisor far longer than to count, most of all in an emulated machine.
 */
export const SPIN = `import os, resource, time
def clock(): return time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e3
def used():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages) * 1e6
def waited():
    try:
        with open("/proc/self/schedstat") as account: return int(account.read().split()[1]) / 1e3
    except FileNotFoundError: return 0
def spin(seconds):
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        for _ in range(1_000): pass
def main(seconds, soma):
    begun = {"waitedUs": waited(), "cpuUs": used(), "atUs": clock()}
    child = os.fork()
    if child == 0:
        spin(seconds / 2)
        os._exit(0)
    os.waitpid(child, 0)
    spin(seconds / 2)
    return {"begun": begun, "ended": {"atUs": clock(), "cpuUs": used()}}
`;

export const Spun = z.object({
  begun: z.object({ waitedUs: z.number(), cpuUs: z.number(), atUs: z.number() }),
  ended: z.object({ cpuUs: z.number(), atUs: z.number() }),
});

/** A run taken apart. Where its start and its end are not known, they are zero: behind a kernel of its own. */
export interface Parts {
  /** Between the two readings that the capsule takes. */
  readonly own: { readonly cpuUs: number; readonly wallUs: number };
  /** From the hand-over to the first reading: the runtime alone runs, or waits for a processor. */
  readonly start: { readonly cpuUs: number; readonly wallUs: number };
  /** From the last reading to the end of the runtime; what it waits for meanwhile, nobody tells. */
  readonly endUs: number;
  /** Of process 1, all along. */
  readonly initUs: number;
}

export function partsOf({ output, tasks }: Pick<Measured, 'output' | 'tasks'>): Parts {
  const { begun, ended } = Spun.parse(output);
  const own = { cpuUs: ended.cpuUs - begun.cpuUs, wallUs: ended.atUs - begun.atUs };
  if (!tasks) return { own, start: { cpuUs: 0, wallUs: 0 }, endUs: 0, initUs: 0 };
  const { runtimeBefore, runtimeUs, initUs } = tasks;
  const cpuUs = begun.cpuUs - runtimeBefore.cpuUs;
  const start = { cpuUs, wallUs: cpuUs + begun.waitedUs - runtimeBefore.waitedUs };
  return { own, start, endUs: runtimeUs - ended.cpuUs, initUs };
}
