import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { RunnerProblem } from '#contracts/runner';
import { chooseExecutor } from '#runner/executor/choose';
import type { Executor } from '#runner/executor/executor';
import { ensureImages } from '#runner/images/build';
import { assertIsolation } from '#runner/isolation/assert-isolation';

import { RunnerWorld } from '../support/runner-process.ts';
import { until } from '../support/until.ts';
import { WeakRuntime } from '../support/weak-runtime.ts';
import { weakenedSuite } from '../support/weakened-suite.ts';

let directory: string;
const executors: Executor[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'soma-proof-test-'));
  await ensureImages({ docker: new Dockerode(), packageCache: join(tmpdir(), 'soma-packages') });
});
afterAll(async () => {
  for (const executor of executors) await executor.close();
  rmSync(directory, { recursive: true, force: true });
});

function make(choice: 'docker' | 'oci'): Executor {
  const runnerId = newId('rnr');
  const at = (name: string) => join(directory, runnerId.slice(-6), name);
  const executor = chooseExecutor(choice, {
    docker: new Dockerode(),
    runnerId,
    directory: at('engine'),
    sandboxDirectory: at('sandboxes'),
    controlDirectory: at('control'),
    onFault: (what, error) => console.error(what, error),
  });
  executors.push(executor);
  return executor;
}

test.each([['docker'], ['oci']] as const)('every class that %s offers is as it promises', async (choice) => {
  const executor = make(choice);
  const classes = await executor.prepare();
  expect(classes).toContain('standard');
  for (const isolation of classes) await assertIsolation(executor, isolation);
});

weakenedSuite('crun', async (weak) => {
  return RunnerWorld.launch({ SOMA_EXECUTOR: 'oci', PATH: weak.searchPath });
});

test('a runner whose gVisor is none takes no strict run, and says why', async () => {
  const runsc = new WeakRuntime('runsc', 'runc');
  const world = await RunnerWorld.start({ SOMA_EXECUTOR: 'oci', PATH: runsc.searchPath });
  await until(
    'the reason being said',
    async () => (await world.get('/readyz')).text.includes('strict isolation does not hold'),
    Boolean,
    60_000,
  );
  expect((await world.get('/readyz')).text).toContain('it runs on the host’s own kernel');
  const start = await world.prepare({ 'main.js': 'export default () => 1;' }, { isolation: 'strict' });
  const refusal = await world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
  expect(RunnerProblem.parse(JSON.parse(refusal.text)).code).toBe('isolation_unavailable');
  expect((await world.run({ 'main.js': 'export default () => 1;' })).output).toBe(1);
  await world.close();
  runsc.close();
});
