import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import {
  acknowledgeAll,
  assertServes,
  crowd,
  letGo,
  patientRun,
  settled,
  untilNothingIsLeft,
} from '../support/patient-run.ts';
import { PrivateEngine } from '../support/private-engine.ts';
import { eventually, RunnerWorld } from '../support/runner-process.ts';

/** A runner on a Docker Engine of its own, which is killed. (What hangs is in engine-hang.test.ts.) */
let engine: PrivateEngine;
let world: RunnerWorld;
beforeAll(async () => {
  engine = await PrivateEngine.start();
  // For the runner, and for what looks after it.
  vi.stubEnv('DOCKER_HOST', engine.host);
  world = await RunnerWorld.start({ SOMA_EXECUTOR: 'docker', SOMA_CAPACITY: '16', SOMA_QUEUE_SIZE: '16' });
});
afterEach(async () => {
  await untilReady(true);
  await assertServes(world);
  await untilNothingIsLeft(world);
  await eventually(async () => engine.leftovers().groups === (await engine.containers()));
});
afterAll(async () => {
  await world?.close();
  vi.unstubAllEnvs();
  await engine?.close();
});

function untilReady(isReady: boolean): Promise<void> {
  return eventually(async () => ((await world.get('/readyz')).status === 200) === isReady, 60_000);
}

test('an engine is killed while a run streams: the run does not notice, and the runner takes no more until it is back', async () => {
  const run = await patientRun(world);
  await engine.kill();
  await untilReady(false);
  letGo(world);
  const { outcome, usage } = await settled(world, run);
  expect(outcome.state).toBe('succeeded');
  expect(usage.cpuUs).toBeGreaterThan(0);
  await engine.startDaemon();
});

test('an engine is killed and comes back under a run: it takes the sandbox with it, and the run ends once', async () => {
  const run = await patientRun(world);
  await engine.kill();
  await engine.startDaemon();
  letGo(world);
  const { outcome, usage } = await settled(world, run);
  expect(['succeeded', 'lost']).toContain(outcome.state);
  expect(usage.wallUs).toBeGreaterThan(0);
});

test('an engine is killed as a run ends', async () => {
  const run = await patientRun(world);
  letGo(world);
  await engine.kill();
  expect((await settled(world, run)).outcome.state).toBe('succeeded');
  await engine.startDaemon();
});

test('an engine is killed while sandboxes boot: who waits for one is told, and nothing of it is left', async () => {
  engine.hang();
  const crowded = crowd(world, 8);
  await untilReady(false);
  await engine.kill();
  await engine.startDaemon();
  const { refused } = await acknowledgeAll(world, await crowded);
  expect(refused).toBeGreaterThan(0);
});
