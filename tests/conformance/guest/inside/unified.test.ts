import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { RunnerWorld } from '#support/runner-process';
import type { RunOptions } from '#support/some-run';
import { until } from '#support/until';

import { chargedToTheGone, childrenOf, mounts, parentOfSandboxes, quietAccount, sandboxGroups } from './groups.ts';

/** What only the unified hierarchy (cgroups(7), "Cgroups version 2") and a machine of its own can show. */

const PYTHON: RunOptions = { runtime: 'python3.11' };
const ENDLESS = {
  'main.js': 'console.log("begun"); export default () => new Promise(() => setInterval(() => {}, 1000));',
};

const mountsBefore = mounts();
let world: RunnerWorld;
beforeAll(async () => {
  world = await RunnerWorld.start();
});
afterAll(async () => {
  await world.close();
});

async function begun(runId: string): Promise<void> {
  await until('output of the run', async () => (await world.frames(runId)).some(({ kind }) => kind === 'stdout'));
}

test('there is no other hierarchy than the unified one', () => {
  expect(readFileSync('/proc/self/cgroup', 'utf8')).toMatch(/^0::\S+\n$/);
  expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(' cgroup ');
});

describe('a sandbox is held', () => {
  test('by a group whose every limit is set, and has no swap to go to', async () => {
    const start = await world.prepare(ENDLESS, {
      resources: { memoryBytes: 100 * 2 ** 20, pids: 41, cpuMillis: 250 },
    });
    const running = world.execute(start);
    await begun(start.runId);
    const files = ['memory.max', 'memory.swap.max', 'pids.max', 'cpu.max'];
    const limits = sandboxGroups().map((group) => files.map((file) => readFileSync(join(group, file), 'utf8').trim()));
    expect(limits).toContainEqual([String(100 * 2 ** 20), '0', '41', '25000 100000']);
    expect(limits.map(([, swap]) => swap)).toEqual(limits.map(() => '0'));
    await world.call('POST', `/v1/runs/${start.runId}/cancel`);
    expect((await running).end.outcome.state).toBe('cancelled');
  });

  test('to its share of a processor, however many of its processes want one', async () => {
    const main = `import os, time
def main(input, soma):
    child = os.fork()
    until = time.monotonic() + 2
    while time.monotonic() < until: pass
    if child == 0: os._exit(0)
    os.waitpid(child, 0)
    return 1
`;
    const { end } = await world.run({ 'main.py': main }, { ...PYTHON, resources: { cpuMillis: 250 } });
    const share = end.usage.cpuUs / end.usage.wallUs;
    // A period that was begun is used up, whatever is left of the quota by then.
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.35);
  });

  test('to its disk, in bytes and in files, both of which its memory pays for', async () => {
    const main = `import errno, os
def fill(what):
    n = 0
    try:
        while True:
            what(n)
            n += 1
    except OSError as error:
        return [n, errno.errorcode[error.errno]]
def main(input, soma):
    with open("/tmp/big", "wb", buffering=0) as file:
        bytes_ = fill(lambda n: file.write(b"x" * 65536))
    os.unlink("/tmp/big")
    return [bytes_, fill(lambda n: open(f"/tmp/{n}", "w").close())]
`;
    const { output } = await world.run({ 'main.py': main }, { ...PYTHON, resources: { diskBytes: 8 * 2 ** 20 } });
    const Filled = z.tuple([z.number(), z.string()]);
    const [[chunks, full], [files, none]] = z.tuple([Filled, Filled]).parse(output);
    expect([full, none]).toEqual(['ENOSPC', 'ENOSPC']);
    expect(chunks * 65_536).toBeLessThanOrEqual(8 * 2 ** 20);
    expect(chunks * 65_536).toBeGreaterThan(7 * 2 ** 20);
    expect(files).toBeGreaterThan(4_000);
    expect(files).toBeLessThanOrEqual(4_096);
  });
});

describe('what a run used', () => {
  /** Taking the sandbox down is not the run's, and the parent group pays for it: 0.55 to 0.68 ms for a run of any length (docs/operations.md). */
  const TAKING_DOWN_US = 750;
  const SPIN = `import os, time
def main(seconds, soma):
    child = os.fork()
    begun = time.process_time()
    while time.process_time() - begun < seconds / 2: pass
    if child == 0: os._exit(0)
    os.waitpid(child, 0)
    return 1
`;

  test.each([10, 30, 100, 300, 1_000, 2_000])(
    '%i ms of CPU are metered within one percent of what the kernel charges the parent group, less what it takes to take the sandbox down',
    async (cpuMs) => {
      const parent = parentOfSandboxes();
      const before = await quietAccount(parent);
      const { end } = await world.run(
        { 'main.py': SPIN },
        { ...PYTHON, input: cpuMs / 1_000, resources: { cpuMillis: 2_000 } },
      );
      await until('a process being buried', () =>
        [...before.childrenUs.keys()].some((name) => !childrenOf(parent).includes(name)),
      );
      const kernelUs = chargedToTheGone(before, await quietAccount(parent));
      const meteredUs = end.usage.cpuUs;
      console.log(
        `${cpuMs} ms: metered ${meteredUs} µs, parent group ${kernelUs} µs, apart ${kernelUs - meteredUs} µs`,
      );
      expect(meteredUs).toBeGreaterThanOrEqual(cpuMs * 1_000);
      const apartUs = kernelUs - meteredUs;
      expect(apartUs).toBeGreaterThan(0);
      expect(apartUs).toBeLessThan(TAKING_DOWN_US + meteredUs / 100);
    },
  );

  test.each([8, 64])('%i MiB that a run fills show in its peak of memory', async (mebibytes) => {
    const main = `def main(mebibytes, soma):
    held = bytearray(b"x") * (mebibytes * 2**20)
    return len(held)
`;
    const { end } = await world.run({ 'main.py': main }, { ...PYTHON, input: mebibytes });
    const peakMib = end.usage.memoryPeakBytes / 2 ** 20;
    expect(peakMib).toBeGreaterThan(mebibytes);
    expect(peakMib).toBeLessThan(mebibytes + 32);
  });
});

test('a runner that is killed leaves no process, and its successor no group, mount or container', async () => {
  const start = await world.prepare(ENDLESS);
  const broken = world.execute(start).catch(() => 'broken');
  await begun(start.runId);
  const parent = parentOfSandboxes();

  await world.stopRunner('SIGKILL');
  expect(await broken).toBe('broken');
  await until('no group being left', () => sandboxGroups().length === 0);

  await world.startRunner();
  expect(sandboxGroups().length).toBeGreaterThan(0);
  await world.stopRunner('SIGTERM');
  await until('no container being left', async () => (await world.containers()) === 0);
  await until('nothing being left', () => sandboxGroups().length === 0 && childrenOf(parent).length === 0);
  await until('no mount being left', () => mounts().filter((mount) => !mountsBefore.includes(mount)).length === 0);
  await world.startRunner();
});
