import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { assertServes, settled, untilNothingIsLeft } from '../support/patient-run.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import { SettableClock } from '../support/set-clock.ts';
import { until } from '../support/until.ts';

const HOUR_S = 3_600;
const ENDLESS = {
  'main.js': 'console.log("begun"); export default () => new Promise(() => setInterval(() => {}, 50));',
};

let clock: SettableClock;
let world: RunnerWorld;
beforeAll(async () => {
  clock = new SettableClock();
  world = await RunnerWorld.start(clock.environment);
});
afterEach(async () => {
  clock.set(0);
  await untilReady(true);
  await assertServes(world);
  await untilNothingIsLeft(world);
});
afterAll(async () => {
  clock?.set(0);
  await world?.close();
  clock?.close();
});

/** As its cell hears it; its own door may be closed. */
async function untilReady(isReady: boolean): Promise<void> {
  await until(
    `a heartbeat of a runner that is ${isReady ? 'ready' : 'not ready'}`,
    () => world.heartbeats.at(-1)?.isReady === isReady,
  );
}

describe.each([
  ['forwards', HOUR_S],
  ['backwards', -HOUR_S],
])('the clock of a runner is set %s by an hour', (_, offsetS) => {
  test('while a run has a wall limit: the limit is what it was', async () => {
    const start = await world.prepare(ENDLESS, { resources: { timeoutMs: 3_000 } });
    const result = world.execute(start);
    await until('output of the run', async () =>
      (await world.frames(start.runId)).some(({ kind }) => kind === 'stdout'),
    );
    clock.set(offsetS);
    expect((await result).end).toMatchObject({ outcome: { state: 'timed_out' }, usage: { wallUs: 3_000_000 } });
    clock.set(0);
    await untilReady(true);
    const { startedAtMs, endedAtMs } = await settled(world, { start, result });
    expect(endedAtMs - startedAtMs).toBeGreaterThanOrEqual(3_000);
    expect(endedAtMs - startedAtMs).toBeLessThan(60_000);
  });

  test('while nothing runs: it takes nothing on until it is set right, and what was warm still is', async () => {
    const warm = sandboxes();
    clock.set(offsetS);
    await untilReady(false);
    const start = await world.prepare(ENDLESS).catch(String);
    expect(start).toMatch(/hang up|ECONNRESET|EPIPE|disconnected/);
    clock.set(0);
    await untilReady(true);
    expect(sandboxes()).toEqual(expect.arrayContaining(warm));
  });
});

function sandboxes(): string[] {
  return readdirSync(join(world.dataDirectory, 'sandboxes'));
}
