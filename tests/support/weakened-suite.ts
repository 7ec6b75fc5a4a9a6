import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { RunnerProblem } from '#contracts/runner';

import { type RunnerWorld } from './runner-process.ts';
import { until } from './until.ts';
import { WEAKENINGS, WeakRuntime } from './weak-runtime.ts';

type Weakening = keyof typeof WEAKENINGS;

const CASES: readonly (readonly [given: string, weakening: Weakening, reason: RegExp])[] = [
  ['no filter', 'noFilter', /has no filter of system calls/],
  ['a filter as loose as the engine’s own', 'looserFilter', /the filter lets io_uring_setup through/],
  ['a writable root', 'writableRoot', /: \/ is not read-only/],
  ['root, whoever that is on the host', 'root', /it runs as 0:0/],
  ['a capability', 'capability', /it has capabilities/],
  ['a way to privileges', 'newPrivileges', /may gain privileges/],
  ['more open files', 'openFiles', /it may open 4096 and 4096 files/],
  ['more memory', 'memory', /the limit memoryBytes is 268435456, not 100663296/],
  ['swap', 'swap', /the limit swapBytes is (?!0)/],
  ['more of the processor', 'processor', /the limit cpuQuotaUs is 400000, not 100000/],
  ['more processes', 'processes', /the limit pids is 4096, not 48/],
  ['a larger disk', 'room', /\/tmp has room for 8388608 bytes/],
  ['files without number', 'files', /\/tmp has room for (?!4096 )\d+ files/],
  ['a place to run programs from', 'executable', /it can execute what it wrote to \/tmp/],
  ['the users of the host', 'users', /shares the host’s user namespace/],
  ['the network of the host', 'network', /shares the host’s net namespace/],
  ['the processes of the host', 'processNamespace', /shares the host’s pid namespace/],
  ['the shared memory of the host', 'ipc', /shares the host’s ipc namespace/],
  ['the name of the host', 'hostname', /shares the host’s uts namespace/],
  ['the control groups of the host', 'cgroupNamespace', /shares the host’s cgroup namespace/],
  ['company that sees the files of the host', 'mounts', /shares the host’s mnt namespace/],
];

/** A runner over a runtime that grants more than it was asked for: not ready for as long as it does, and it says why. */
export function weakenedSuite(
  runtime: 'crun' | 'runc',
  launch: (weak: WeakRuntime) => Promise<RunnerWorld>,
  without: readonly Weakening[] = [],
): void {
  describe(`a runner whose ${runtime} grants its sandboxes`, () => {
    let weak: WeakRuntime;
    let world: RunnerWorld;
    beforeAll(async () => {
      weak = new WeakRuntime(runtime, runtime);
      weak.weaken(WEAKENINGS.noFilter);
      world = await launch(weak);
    });
    afterAll(async () => {
      await world?.close();
      weak.close();
    });

    /** It proves its isolation anew every second until that holds. */
    async function notReadyBecause(reason: RegExp): Promise<void> {
      await until('the reason being said', async () => reason.test((await world.get('/readyz')).text), Boolean, 60_000);
    }

    test.each(CASES.filter(([, weakening]) => !without.includes(weakening)))(
      '%s is not ready, and says why',
      async (_, weakening, reason) => {
        weak.weaken(WEAKENINGS[weakening]);
        await notReadyBecause(reason);
        expect((await world.get('/readyz')).status).toBe(503);
      },
    );

    test('more than they should have, of whatever kind, takes no run', async () => {
      weak.weaken(WEAKENINGS.swap);
      await notReadyBecause(/swapBytes/);
      const start = await world.prepare({ 'main.js': 'export default () => 1;' });
      const refusal = await world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
      expect(RunnerProblem.parse(JSON.parse(refusal.text)).code).toBe('isolation_unavailable');
    });

    test('what they should have, and nothing more, is ready', async () => {
      weak.weaken('');
      await world.untilReady();
      expect((await world.get('/readyz')).status).toBe(200);
    });
  });
}
