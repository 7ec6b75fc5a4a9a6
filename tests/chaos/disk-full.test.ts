import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { Frame } from '#contracts/frames';
import { newId } from '#contracts/ids';

import { acknowledgeAll, assertServes, faults, settled, untilNothingIsLeft } from '../support/patient-run.ts';
import { type Answer, resultOf } from '../support/run-result.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

/** For the root file systems of the images, too. */
const DISK_BYTES = 400 * 2 ** 20;
const UNSEALED = 'a run could not be sealed';
const QUICK = { 'main.js': 'export default () => 1;' };
/** Writes until it is stopped, so that what is left of a page is soon used up. */
const CHATTY = {
  'main.js': `console.log('begun');
export default () => new Promise(() => { let n = 0; setInterval(() => console.log('line ' + ++n), 1); });`,
};

describe.each(['docker', 'oci'])('the disk of a runner on %s is full', (executor) => {
  let disk: SmallDisk;
  let directory: string;
  let world: RunnerWorld;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'soma-disk-'));
    disk = new SmallDisk(join(directory, 'data'), DISK_BYTES);
    world = await RunnerWorld.start({ SOMA_EXECUTOR: executor, SOMA_DATA_DIR: disk.path });
  });
  afterEach(async () => {
    await disk.makeRoom();
    await until('the runner being ready', async () => (await world.get('/readyz')).status === 200, Boolean, 60_000);
    await assertServes(world);
    await untilNothingIsLeft(world);
  });
  afterAll(async () => {
    await disk?.makeRoom();
    await world?.close();
    disk?.unmount();
    rmSync(directory, { recursive: true, force: true });
  });

  test('while a bundle comes: it is not taken, and nothing says that it was', async () => {
    await disk.fill();
    const bundle = { 'main.js': `export default () => 2; // ${'x'.repeat(1_000_000)}` };
    await expect(world.putBundle(bundle)).rejects.toThrow('503');
    await disk.makeRoom();
    expect((await world.run(bundle)).output).toBe(2);
  });

  test('as a run starts: it is refused, was never here, and starts once there is room', async () => {
    const start = await world.prepare(QUICK);
    await disk.fill();
    const refused = await world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([503, 'unavailable']);
    expect((await world.get(`/v1/runs/${start.runId}/frames`)).status).toBe(404);
    await disk.makeRoom();
    await until('the runner being ready', async () => (await world.get('/readyz')).status === 200, Boolean, 60_000);
    await settled(world, { start, result: world.execute(start) });
  });

  test('while a run streams: it is stopped, its end waits for room, and everybody was told the same', async () => {
    const start = await world.prepare(CHATTY);
    const response = await world.open('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
    response.setEncoding('utf8');
    let told = '';
    response.on('data', (text: string) => {
      told += text;
    });
    await until('a line being told', () => told.includes('line'));
    await disk.fill();
    await until('the fault being counted', async () => (await faults(world, UNSEALED)) > 0);
    expect((await world.get('/healthz')).status).toBe(200);
    expect(framesIn(told).some(({ kind }) => kind === 'end')).toBe(false);
    await disk.makeRoom();
    const result = world.get(`/v1/runs/${start.runId}/frames`).then(resultOf);
    expect((await result).end.outcome).toMatchObject({ state: 'lost', cause: 'spool_failed' });
    await until('the end', () => framesIn(told).some(({ kind }) => kind === 'end'));
    expect(framesIn(told)).toEqual((await result).frames);
    await settled(world, { start, result });
  });

  test('while the runner is killed: it comes back without room, says what it has, and ends what it lost once there is some', async () => {
    const [done, under] = [await world.prepare(QUICK), await world.prepare(CHATTY)];
    const { end } = await world.execute(done);
    const broken = world.execute(under).catch(() => 'broken');
    await until('output of the run', async () =>
      (await world.frames(under.runId)).some(({ kind }) => kind === 'stdout'),
    );
    await disk.fill();
    await until('the fault being counted', async () => (await faults(world, UNSEALED)) > 0);
    await world.stopRunner('SIGKILL');
    expect(await broken).toBe('broken');
    await world.launchRunner();
    const again = resultOf(await world.get(`/v1/runs/${done.runId}/frames`));
    expect(again.end).toEqual(end);
    expect(await world.acknowledge(done.runId, end.seq)).toBe(204);
    await disk.makeRoom();
    const result = world.get(`/v1/runs/${under.runId}/frames`).then(resultOf);
    expect((await settled(world, { start: under, result })).outcome).toMatchObject({
      state: 'lost',
      cause: 'runner_died',
    });
  });
});

test('an OCI sandbox that cannot be written down is not booted, and leaves nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'soma-disk-'));
  const disk = new SmallDisk(join(directory, 'data'), DISK_BYTES);
  const world = await RunnerWorld.start({ SOMA_EXECUTOR: 'oci', SOMA_DATA_DIR: disk.path });
  try {
    const before = await faults(world, 'a sandbox did not boot');
    const start = await world.prepare(QUICK);
    await disk.fill();
    // Each start takes a sandbox, whose place is then to be filled. What that one leaves may be room enough for a run.
    const answers: Promise<Answer>[] = [];
    await until('a boot that fails', async () => {
      const runId = newId('run');
      answers.push(world.call('PUT', `/v1/runs/${runId}`, JSON.stringify({ ...start, runId })));
      return (await faults(world, 'a sandbox did not boot')) > before;
    });
    expect((await world.get('/readyz')).status).toBe(503);
    await disk.makeRoom();
    expect((await acknowledgeAll(world, await Promise.all(answers))).refused).toBeGreaterThan(0);
    await until('the runner being ready', async () => (await world.get('/readyz')).status === 200, Boolean, 60_000);
    await untilNothingIsLeft(world);
  } finally {
    await disk.makeRoom();
    await world.close();
    disk.unmount();
    rmSync(directory, { recursive: true, force: true });
  }
});

function framesIn(text: string): Frame[] {
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => Frame.parse(JSON.parse(line)));
}
