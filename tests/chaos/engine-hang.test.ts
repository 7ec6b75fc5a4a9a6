import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import { BreakableRuntime } from '../support/breakable-runtime.ts';
import {
  acknowledgeAll,
  assertServes,
  cancel,
  crowd,
  letGo,
  patientRun,
  settled,
  untilNothingIsLeft,
} from '../support/patient-run.ts';
import { PrivateEngine } from '../support/private-engine.ts';
import { resultOf } from '../support/run-result.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import { until } from '../support/until.ts';

/** What makes sandboxes, and stops answering: Docker Engine, stopped by SIGSTOP, and an OCI runtime that never comes back. */
interface Engine {
  readonly environment: Record<string, string>;
  hang(): void;
  wake(): void;
  /** Processes of it, or in its control groups, that no sandbox of the runner accounts for. */
  strays(): Promise<number>;
  close(): Promise<void>;
}

async function dockerEngine(): Promise<Engine> {
  const engine = await PrivateEngine.start();
  vi.stubEnv('DOCKER_HOST', engine.host);
  return {
    environment: { SOMA_EXECUTOR: 'docker' },
    hang: () => engine.hang(),
    wake: () => engine.wake(),
    strays: () => engine.strays(),
    close: () => engine.close(),
  };
}

function ociRuntime(): Promise<Engine> {
  const runtime = new BreakableRuntime();
  return Promise.resolve({
    environment: runtime.environment,
    hang: () => runtime.hang(),
    wake: () => runtime.wake(),
    strays: () => Promise.resolve(runtime.hanging),
    close: () => Promise.resolve(runtime.close()),
  });
}

describe.each([
  ['Docker Engine', dockerEngine],
  ['an OCI runtime', ociRuntime],
])('%s', (_, startEngine) => {
  let engine: Engine;
  let world: RunnerWorld;
  beforeAll(async () => {
    engine = await startEngine();
    world = await RunnerWorld.start({ ...engine.environment, SOMA_CAPACITY: '16', SOMA_QUEUE_SIZE: '16' });
  });
  afterEach(async () => {
    await untilReady(true);
    await assertServes(world);
    await untilNothingIsLeft(world);
    await until('no sandbox being left behind', async () => (await engine.strays()) === 0, Boolean, 60_000);
  });
  afterAll(async () => {
    engine?.wake();
    await world?.close();
    vi.unstubAllEnvs();
    await engine?.close();
  });

  const untilReady = (isReady: boolean) =>
    until(
      `the runner being ${isReady ? 'ready' : 'unready'}`,
      async () => ((await world.get('/readyz')).status === 200) === isReady,
      Boolean,
      60_000,
    );

  test('hangs: a run is cancelled without it', async () => {
    const run = await patientRun(world);
    engine.hang();
    // More than are warm: what is booted for them hangs.
    const asked = crowd(world, 8);
    await untilReady(false);
    await cancel(world, run);
    expect((await settled(world, run)).outcome.state).toBe('cancelled');
    engine.wake();
    await acknowledgeAll(world, await asked);
  });

  test('hangs, and the runner is killed while runs wait to start: they were never here, and may be started', async () => {
    engine.hang();
    const running = await Promise.all(
      Array.from({ length: 8 }, () => world.prepare({ 'main.js': 'export default () => 1;' })),
    );
    const answers = running.map((start) => world.execute(start).catch(() => 'broken'));
    await untilReady(false);
    await world.stopRunner('SIGKILL');
    engine.wake();
    await world.startRunner();
    expect(await Promise.all(answers)).toContain('broken');
    for (const start of running) {
      const { end } = await world.execute(start);
      expect(end.outcome.state).toBe('succeeded');
      expect(await world.acknowledge(start.runId, end.seq)).toBe(204);
    }
  });

  test('works, and the runner is killed during a stream: its sandboxes end by themselves, the run is lost, once', async () => {
    const run = await patientRun(world);
    await world.stopRunner('SIGKILL');
    await world.startRunner();
    const answer = await world.get(`/v1/runs/${run.start.runId}/frames`);
    const result = Promise.resolve(resultOf(answer));
    const { outcome } = await settled(world, { ...run, result });
    expect(outcome).toMatchObject({ state: 'lost', cause: 'runner_died' });
  });

  test('works, and the runner is killed before an end was acknowledged: it says the same again, under the same receipt', async () => {
    const run = await patientRun(world);
    letGo(world);
    const { end } = await run.result;
    await world.stopRunner('SIGKILL');
    await world.startRunner();
    const again = resultOf(await world.get(`/v1/runs/${run.start.runId}/frames`));
    expect(again.end).toEqual(end);
    expect((await settled(world, run)).outcome.state).toBe('succeeded');
    expect(await world.acknowledge(run.start.runId, end.seq)).toBe(204);
  });
});
