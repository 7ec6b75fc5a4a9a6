import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { digestOf } from '#contracts/digest';
import type { FrameBody } from '#contracts/frames';
import { newId } from '#contracts/ids';
import { Resources } from '#contracts/manifest';
import { nanos } from '#contracts/money';
import { chargeFor, type Priced } from '#contracts/pricing';
import { NO_USAGE, type Outcome } from '#contracts/run';
import { Heartbeat, StartRun } from '#contracts/runner';
import { createAuthority } from '#contracts/x509-authority';
import { ObjectsProcess, type ObjectsOptions } from '#support/objects/process';
import { ScriptedRunner } from '#support/objects/runner';

const USAGE = { ...NO_USAGE, cpuUs: 1_000, wallUs: 50_000 };
const SUCCEEDED: Outcome = { state: 'succeeded', cause: 'exit_code', detail: 'exit 0', exitCode: 0 };
const RUNNER_ID = newId('rnr');

let directory: string;
let runner: ScriptedRunner;
let options: ObjectsOptions;
let objects: ObjectsProcess;
beforeAll(async () => {
  const authority = await createAuthority('soma.test', { notAfterMs: Date.now() + 3_600_000 });
  runner = await ScriptedRunner.start(RUNNER_ID, authority);
  directory = await mkdtemp(join(tmpdir(), 'soma-objects-'));
  const clickHouse = { url: 'http://127.0.0.1:1', username: 'soma', password: 'soma' };
  options = { directory, clickHouse, trustBundlePem: authority.certificatePem, runnerAddress: runner.address };
  objects = await ObjectsProcess.start(options);
});
afterAll(async () => {
  await objects.kill();
  await runner.close();
  await rm(directory, { recursive: true, force: true });
});

async function heartbeat(): Promise<void> {
  const beat = Heartbeat.parse({
    runnerId: RUNNER_ID,
    cell: 'eu-west-1',
    endpoint: 'http://runner.test',
    version: 'test',
    lease: 'the first',
    isDraining: false,
    isReady: true,
    capacity: 10,
    running: 0,
    executor: 'crun',
    isolationClasses: ['standard'],
    warm: {},
    cachedDigests: [],
    lostRunIds: [],
  });
  await objects.call('FLEET', 'eu-west-1', 'heartbeat', beat);
}

async function begin() {
  const resources = Resources.parse({ timeoutMs: 60_000 });
  const priced: Priced = { resources, pricing: { perRunNanos: nanos(1_000n), meters: {} } };
  const start = StartRun.omit({ secrets: true }).parse({
    runId: newId('run'),
    tenantId: newId('ten'),
    installationId: newId('ins'),
    capsule: 'acme/hello',
    version: '1.0.0',
    digest: await digestOf(new TextEncoder().encode('a bundle')),
    cell: 'eu-west-1',
    runtime: 'node24',
    entrypoint: 'main.js',
    style: 'handler',
    resources,
    isolation: 'standard',
    layers: [],
    egress: [],
    artifacts: false,
    meterLimits: {},
    input: { hello: 'world' },
  });
  const budget = { limitNanos: '1000000000', revision: 1, period: new Date().toISOString().slice(0, 7) };
  const pricing = { perRunNanos: '1000', meters: {} };
  await objects.call('RUN', start.runId, 'begin', { start, secrets: {}, priced: { resources, pricing }, budget });
  return { ...start, amountNanos: chargeFor(priced, USAGE).totalNanos.toString() };
}

function lines(count: number): FrameBody[] {
  return Array.from({ length: count }, () => ({ kind: 'stdout', text: 'x'.repeat(100), encoding: 'utf8' }));
}

/** The ids of every event after `lastEventId`, read to the end of the stream. */
async function idsAfter(runId: string, lastEventId: number): Promise<number[]> {
  const response = await objects.watch(runId, lastEventId);
  return [...(await response.text()).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
}

async function restart(): Promise<void> {
  await objects.kill();
  objects = await ObjectsProcess.start(options);
}

test('a run outlives its workerd: the alarm takes it up again, and nothing is missing or doubled', async () => {
  await heartbeat();
  const { runId, tenantId, amountNanos } = await begin();
  await expect.poll(() => runner.holds(runId)).toBe(true);
  runner.say(runId, lines(500));
  await expect.poll(() => runner.ackedSeq(runId)).toBeGreaterThan(0);

  await restart();
  runner.say(runId, [...lines(500), { kind: 'result', data: { answer: 42 } }]);
  await runner.end(runId, SUCCEEDED, USAGE);

  await expect
    .poll(() => objects.ended, { timeout: 30_000 })
    .toMatchObject([{ runId, tenantId, outcome: SUCCEEDED, usage: USAGE, amountNanos, output: { answer: 42 } }]);
  expect(await idsAfter(runId, 0)).toEqual(Array.from({ length: 1_002 }, (_, index) => index + 1));
  expect(await idsAfter(runId, 1_000)).toEqual([1_001, 1_002]);
  await expect.poll(() => runner.holds(runId)).toBe(false);
  expect(runner.starts.filter((started) => started === runId)).toHaveLength(1);
  expect(await objects.call('USAGE_METER', tenantId, 'summary')).toMatchObject({ runs: 1, settledNanos: amountNanos });
});

test('a client that reads on after every kill sees every frame once', async () => {
  await heartbeat();
  const { runId } = await begin();
  await expect.poll(() => runner.holds(runId)).toBe(true);
  const seen: number[] = [];
  for (let kill = 0; kill < 3; kill += 1) {
    runner.say(runId, lines(50));
    const response = await objects.watch(runId, seen.length);
    await readUntil(response, seen, (kill + 1) * 50);
    await restart();
  }
  await runner.end(runId, SUCCEEDED, USAGE);
  seen.push(...(await idsAfter(runId, seen.length)));
  expect(seen).toEqual(Array.from({ length: 151 }, (_, index) => index + 1));
});

test('a run that was begun while no runner was heard of starts as soon as one is', async () => {
  await restart();
  const { runId } = await begin();
  await heartbeat();
  await expect.poll(() => runner.holds(runId), { timeout: 10_000 }).toBe(true);
  await runner.end(runId, SUCCEEDED, USAGE);
  await expect.poll(() => objects.ended, { timeout: 10_000 }).toMatchObject([{ runId, outcome: SUCCEEDED }]);
});

/** Reads events into `seen` until there are `count`, and leaves. */
async function readUntil(response: Response, seen: number[], count: number): Promise<void> {
  if (!response.body) throw new Error('the stream has no body');
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${text}${chunk}`.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      if (id !== undefined) seen.push(Number(id));
    }
    if (seen.length >= count) return;
  }
}
