import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { allPids, commandLineOf, parentOf } from '#local/processes/proc';

import { BreakableRuntime } from '../support/breakable-runtime.ts';
import { acknowledgeAll, crowd, faults, patientRun, settled, untilNothingIsLeft } from '../support/patient-run.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import { until } from '../support/until.ts';

/** What starts the sandboxes of a runner, and takes them with it when it dies (images/launcher). */
let runtime: BreakableRuntime;
let world: RunnerWorld;
beforeAll(async () => {
  runtime = new BreakableRuntime();
  world = await RunnerWorld.start({ ...runtime.environment, SOMA_CAPACITY: '16', SOMA_QUEUE_SIZE: '16' });
  await until(
    'the class strict',
    () => world.heartbeats.at(-1)?.isolationClasses.includes('strict') ?? false,
    Boolean,
    60_000,
  );
});
afterEach(async () => {
  runtime.wake();
  await untilItServes();
  await untilNothingIsLeft(world);
  await until('no runtime hanging', () => runtime.hanging === 0);
});
afterAll(async () => {
  await world?.close();
  runtime?.close();
});

function launcher(): number {
  const own = allPids().filter((pid) => {
    const program = commandLineOf(pid).split('\0')[0] ?? '';
    return program.startsWith(world.dataDirectory) && program.endsWith('/sandbox-launcher');
  });
  // What it forks for a sandbox goes by its name until it becomes the sandbox's.
  const first = own.filter((pid) => !own.includes(parentOf(pid) ?? 0));
  expect(first).toHaveLength(1);
  return first[0] ?? 0;
}

/** A run that takes a sandbox whose boot went with the launcher is refused, and may be tried again. */
async function untilItServes(): Promise<void> {
  await until('the runner being ready', async () => (await world.get('/readyz')).status === 200, Boolean, 60_000);
  await until('a run being served', async () => (await acknowledgeAll(world, await crowd(world, 1))).ended === 1);
}

async function killLauncher(): Promise<void> {
  const before = await faults(world, 'the launcher of sandboxes ended');
  process.kill(launcher(), 'SIGKILL');
  await until('the fault being counted', async () => (await faults(world, 'the launcher of sandboxes ended')) > before);
}

test('it is killed while runs stream: they are lost, whatever their class, and the runner serves the next', async () => {
  const runs = await Promise.all([patientRun(world), patientRun(world), patientRun(world, { isolation: 'strict' })]);
  const pid = world.pid;
  await killLauncher();
  for (const run of runs) {
    const { outcome, usage } = await settled(world, run);
    expect(outcome).toMatchObject({ state: 'lost', cause: 'sandbox_died' });
    expect(usage.cpuUs).toBeGreaterThan(0);
  }
  expect(world.pid).toBe(pid);
});

test('it is stopped while runs stream: it is replaced like one that died, and what it had started is lost', async () => {
  const runs = await Promise.all([patientRun(world), patientRun(world, { isolation: 'strict' })]);
  const [before, stopped] = [await faults(world, 'the launcher of sandboxes ended'), launcher()];
  process.kill(stopped, 'SIGSTOP');
  await until(
    'the fault being counted',
    async () => (await faults(world, 'the launcher of sandboxes ended')) > before,
    Boolean,
    60_000,
  );
  for (const run of runs) {
    expect((await settled(world, run)).outcome).toMatchObject({ state: 'lost', cause: 'sandbox_died' });
  }
  await untilItServes();
  expect(launcher()).not.toBe(stopped);
});

test('it is stopped while sandboxes boot: who waits for one is told or served by the next', async () => {
  runtime.hang();
  const crowded = crowd(world, 12);
  await until('a runtime hanging', () => runtime.hanging > 0);
  const before = await faults(world, 'the launcher of sandboxes ended');
  process.kill(launcher(), 'SIGSTOP');
  runtime.wake();
  await until(
    'the fault being counted',
    async () => (await faults(world, 'the launcher of sandboxes ended')) > before,
    Boolean,
    60_000,
  );
  const { refused, ended } = await acknowledgeAll(world, await crowded);
  expect(refused + ended).toBe(12);
});

test('it is killed while sandboxes boot: who waits for one is told or served by the next, and nothing of it is left', async () => {
  runtime.hang();
  const crowded = crowd(world, 12);
  await until('a runtime hanging', () => runtime.hanging > 0);
  runtime.wake();
  await killLauncher();
  const { refused, ended } = await acknowledgeAll(world, await crowded);
  expect(refused + ended).toBe(12);
  expect(launcher()).toBeGreaterThan(0);
});

test('it is killed again and again: each time the runner recovers by itself', async () => {
  for (let round = 0; round < 3; round += 1) {
    const before = launcher();
    await killLauncher();
    await untilItServes();
    expect(launcher()).not.toBe(before);
  }
});
