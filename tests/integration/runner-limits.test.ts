import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { ControlGroup } from '#runner/executor/control-group';

import { hostPidOf } from '../support/host-process.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import type { RunOptions } from '../support/some-run.ts';
import { until } from '../support/until.ts';

const PYTHON: RunOptions = { runtime: 'python3.11' };
const PROGRAM: RunOptions = { style: 'program' };

describe.each([
  ['docker', 'standard'],
  ['oci', 'standard'],
  ['oci', 'strict'],
] as const)('in a sandbox of %s, %s, a limit', (executor, isolation) => {
  let world: RunnerWorld;
  beforeAll(async () => {
    world = await RunnerWorld.start({ SOMA_EXECUTOR: executor }, { isolation });
  });
  afterAll(() => world.close());

  test('of time ends a run that does not', async () => {
    const ran = await world.run(
      { 'main.js': 'export default () => { console.log("begun"); for (;;); };' },
      { resources: { timeoutMs: 600 } },
    );
    expect(ran.end.outcome).toMatchObject({ state: 'timed_out', cause: 'wall_limit' });
    expect(ran.stdout).toBe('begun\n');
    expect(ran.end.usage.wallUs).toBe(600_000);
  });

  test.each([
    [
      'node buffers',
      { 'main.js': 'export default () => { const a = []; for (;;) a.push(Buffer.alloc(2 ** 20, 1)); };' },
      {},
      'oom_kill',
    ],
    [
      'node’s heap',
      { 'main.js': 'export default () => { const a = []; for (;;) a.push(Array(1e5).fill(Math.random())); };' },
      {},
      'heap_limit',
    ],
    ['python', { 'main.py': 'def main(i, s):\n  a = []\n  while True: a.append(b"x" * 2**20)\n' }, PYTHON, 'oom_kill'],
    [
      'a child of python',
      {
        'main.py':
          'import os, sys\nif os.fork() == 0:\n  a = []\n  while True: a.append(b"x" * 2**20)\n_, status = os.wait()\nsys.exit(status != 0)',
      },
      { ...PYTHON, ...PROGRAM },
      'oom_kill',
    ],
  ])('of memory ends a run that fills %s', async (_, files, options, cause) => {
    const { end } = await world.run(files, options);
    expect(end.outcome).toMatchObject({ state: 'out_of_memory', cause });
  });

  test('of memory that is too small for the runtime ends the run before it begins', async () => {
    const { end } = await world.run({ 'main.js': 'export default () => 1;' }, { resources: { memoryBytes: 2 ** 24 } });
    expect(end.outcome).toMatchObject({ state: 'out_of_memory', cause: 'memory_too_small' });
  });

  // gVisor's kernel is the one that falls, to whichever limit of the group the bomb meets first.
  const bombed = (cause: string) =>
    isolation === 'strict' ? /^(oom_kill|pids_limit|wall_limit)$/ : new RegExp(`^${cause}$`);

  test('of processes ends a fork bomb', async () => {
    const bomb = 'import os\ntry:\n  while True: os.fork()\nexcept OSError: os._exit(1)';
    const { end } = await world.run({ 'main.py': bomb }, { ...PYTHON, ...PROGRAM });
    expect(end.outcome.cause).toMatch(bombed('pids_limit'));
  });

  test('of time ends a fork bomb that takes no for an answer', async () => {
    const bomb = 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass';
    const { end } = await world.run({ 'main.py': bomb }, { ...PYTHON, ...PROGRAM, resources: { timeoutMs: 1_000 } });
    expect(end.outcome.cause).toMatch(bombed('wall_limit'));
  });

  test('of output ends a run that does not stop to write, at exactly that many bytes', async () => {
    const ran = await world.run(
      { 'main.js': 'import fs from "fs"; export default () => { for (;;) fs.writeSync(1, "a".repeat(65536)); };' },
      { resources: { outputBytes: 100_000 } },
    );
    expect(ran.end.outcome).toMatchObject({ state: 'limit_exceeded', cause: 'output_limit' });
    expect(ran.stdout).toHaveLength(100_000);
    expect(ran.end.usage.outputBytes).toBe(100_000);
  });

  test('of a meter ends a run that reports more, and what was too much is not counted', async () => {
    const ran = await world.run(
      { 'main.js': 'export default (i, soma) => { soma.usage("tokens", 8); soma.usage("tokens", 8); return 1; };' },
      { meterLimits: { tokens: 10 } },
    );
    expect(ran.end.outcome).toMatchObject({ state: 'limit_exceeded', cause: 'meter_limit' });
    expect(ran.end.usage.meters).toEqual({ tokens: 8 });
  });

  // What runs in gVisor has no process on the host to find it by.
  test.skipIf(isolation === 'strict')(
    'is the one that was granted, also in a sandbox that was made for others',
    async () => {
      const limitsOf = async (resources: NonNullable<RunOptions['resources']>) => {
        const title = newId('req');
        const main = `export default (title, soma) => { process.title = title; soma.event('named'); return new Promise(() => setInterval(() => {}, 1000)); };`;
        const start = await world.prepare({ 'main.js': main }, { input: title, resources });
        const running = world.execute(start);
        await until('an event of the run', async () =>
          (await world.frames(start.runId)).some(({ kind }) => kind === 'event'),
        );
        const limits = ControlGroup.ofProcess(hostPidOf(title)).limits();
        await world.call('POST', `/v1/runs/${start.runId}/cancel`);
        await running;
        return limits;
      };
      expect(await limitsOf({ cpuMillis: 750, pids: 99 })).toEqual({
        cpuQuotaUs: 75_000,
        pids: 99,
        memoryBytes: 128 * 2 ** 20,
        swapBytes: 0,
      });
      expect(await limitsOf({ memoryBytes: 100 * 2 ** 20, pids: 40 })).toEqual({
        cpuQuotaUs: 50_000,
        pids: 40,
        memoryBytes: 100 * 2 ** 20,
        swapBytes: 0,
      });
    },
  );
});
