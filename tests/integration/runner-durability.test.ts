import { afterAll, beforeAll, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { verifyReceipt } from '#contracts/verify-receipt';

import { warmCount } from '../support/patient-run.ts';
import { resultOf } from '../support/run-result.ts';
import { CELL, RunnerWorld } from '../support/runner-process.ts';
import { until } from '../support/until.ts';

let world: RunnerWorld;
beforeAll(async () => {
  world = await RunnerWorld.start({ SOMA_CAPACITY: '8', SOMA_QUEUE_SIZE: '2' });
});
afterAll(async () => {
  await world.close();
});

const ENDLESS = {
  'main.js': 'console.log("begun"); export default () => new Promise(() => setInterval(() => {}, 1000));',
};

/** What the runner was told to take; else crun, which needs root, else Docker Engine. */
function expectedExecutor(): RegExp {
  const { SOMA_EXECUTOR: choice = 'auto' } = process.env;
  if (choice === 'auto') return process.getuid?.() === 0 ? /^crun$/ : /^docker$/;
  return choice === 'oci' ? /^(crun|runc)$/ : new RegExp(`^${choice}$`);
}

function cancel(runId: string) {
  return world.call('POST', `/v1/runs/${runId}/cancel`);
}

async function begun(runId: string): Promise<void> {
  await until('output of the run', async () => (await world.frames(runId)).some(({ kind }) => kind === 'stdout'));
}

test('its cell hears how it is', async () => {
  await until('the runner being ready', () => world.heartbeats.at(-1)?.isReady ?? false);
  expect(world.heartbeats.at(-1)).toMatchObject({
    cell: CELL,
    runnerId: world.runnerId,
    running: 0,
    isDraining: false,
  });
  expect(world.heartbeats.at(-1)?.executor).toMatch(expectedExecutor());
});

test('its metrics are Prometheus text, and count the runs', async () => {
  await world.run({ 'main.js': 'export default () => 1;' });
  const metrics = async () => (await world.get('/metrics')).text;
  expect(await metrics()).toContain('soma_runner_warm_sandboxes{image="node24",isolation="standard"}');
  expect(await metrics()).toMatch(/soma_runner_isolation_offered\{executor="\w+",isolation="standard"\} 1/);
  await until('the run being counted', async () =>
    /^soma_runner_runs_ended_total\{state="succeeded",cause="completed"\} 1$/m.test(await metrics()),
  );
});

test('a receipt is signed by the runner, and about this run and no other', async () => {
  const start = await world.prepare({ 'main.js': 'export default ({ n }) => ({ b: n, a: 1 });' }, { input: { n: 2 } });
  const { end } = await world.execute(start);
  const claims = await verifyReceipt({
    jws: end.receipt ?? '',
    trustBundlePem: world.trustBundlePem,
    expected: {
      trustDomain: 'soma.test',
      cell: CELL,
      runId: start.runId,
      tenantId: start.tenantId,
      installationId: start.installationId,
      digest: start.digest,
      // SHA-256 of {"n":2} and of {"a":1,"b":2}.
      inputSha256: '363379742f80b51bdb9206579af7754911543079b9399cb3fc315fb199f476e8',
      outputSha256: '43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777',
    },
  });
  expect(claims).toMatchObject({ runnerId: world.runnerId, usage: end.usage, outcome: end.outcome });
  expect(claims.endedAtMs).toBeGreaterThanOrEqual(claims.startedAtMs);
});

test('a run that is cancelled ends as cancelled, once', async () => {
  const start = await world.prepare(ENDLESS);
  const running = world.execute(start);
  await begun(start.runId);
  const answers = await Promise.all([cancel(start.runId), cancel(start.runId), cancel(start.runId)]);
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect((await running).end.outcome).toMatchObject({ state: 'cancelled', cause: 'cancelled' });
  expect((await cancel(start.runId)).status).toBe(204);
});

test('starting a run twice, also at once, executes it once and shows both the same', async () => {
  const start = await world.prepare({ 'main.js': 'export default () => Math.random();' });
  const [one, two] = await Promise.all([world.execute(start), world.execute(start)]);
  const three = await world.execute(start);
  expect(two.frames).toEqual(one.frames);
  expect(three.frames).toEqual(one.frames);
});

test('a run id is never used for another run, nor again once it is acknowledged', async () => {
  const start = await world.prepare({ 'main.js': 'export default () => 1;' });
  const { end } = await world.execute(start);
  const other = await world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify({ ...start, input: 'another' }));
  expect([other.status, JSON.parse(other.text).code]).toEqual([409, 'run_id_reused']);
  expect(await world.acknowledge(start.runId, end.seq)).toBe(204);
  expect(await world.acknowledge(start.runId, end.seq)).toBe(204);
  expect((await world.get(`/v1/runs/${start.runId}/frames`)).status).toBe(404);
  expect((await world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start))).status).toBe(409);
});

test('a reader resumes after any frame', async () => {
  const count = 300;
  const main = `export default (i, soma) => { for (let n = 0; n < ${count}; n++) soma.event('n', n); return 1; };`;
  const start = await world.prepare({ 'main.js': main });
  const { frames, end } = await world.execute(start);
  for (const after of [0, 1, 150, count, end.seq - 1]) {
    const rest = resultOf(await world.get(`/v1/runs/${start.runId}/frames?after=${after}`));
    expect(rest.frames).toEqual(frames.slice(after));
  }
});

test('a run whose reader is gone goes on, and can be read later', async () => {
  const main = 'console.log("begun"); export default () => new Promise((done) => setTimeout(done, 300, "done"));';
  const start = await world.prepare({ 'main.js': main });
  const response = await world.open('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
  response.destroy();
  const later = resultOf(await world.get(`/v1/runs/${start.runId}/frames`));
  expect(later.output).toBe('done');
});

test('beyond its capacity runs wait, and beyond what may wait it says so, and when to come again', async () => {
  const starts = await Promise.all(Array.from({ length: 8 }, () => world.prepare(ENDLESS)));
  const running = starts.map((start) => world.execute(start));
  await until('all places being taken', async () => {
    const { text } = await world.get('/metrics');
    return text.includes('soma_runner_runs_running 8');
  });
  const refused = await world.call('PUT', '/v1/runs/x', JSON.stringify(await world.prepare(ENDLESS)));
  expect(refused.status).toBe(400);
  const tenantId = newId('ten');
  const [waiting, extra] = [await world.prepare(ENDLESS, { tenantId }), await world.prepare(ENDLESS, { tenantId })];
  const later = world.execute(waiting);
  await until('a run waiting', async () => (await world.get('/metrics')).text.includes('soma_runner_runs_waiting 1'));
  const answer = await world.call('PUT', `/v1/runs/${extra.runId}`, JSON.stringify(extra));
  expect([answer.status, JSON.parse(answer.text).code, answer.headers['retry-after']]).toEqual([
    429,
    'at_capacity',
    // Seconds, as many as this machine's pace makes likely.
    expect.stringMatching(/^[1-9]\d*$/),
  ]);
  expect((await world.get(`/v1/runs/${extra.runId}/frames`)).status).toBe(404);
  await Promise.all(starts.map(({ runId }) => cancel(runId)));
  const states = (await Promise.all(running)).map(({ end }) => end.outcome.state);
  expect(new Set(states)).toEqual(new Set(['cancelled']));
  // The one that waited has its turn now.
  await cancel(waiting.runId);
  expect((await later).end.outcome.state).toBe('cancelled');
});

test('what was not acknowledged is there again after a restart, and a run that was under way is lost', async () => {
  const finished = await world.prepare(
    { 'main.js': 'export default (i, soma) => { soma.usage("tokens", 7); return 1; };' },
    {
      meterLimits: { tokens: 10 },
    },
  );
  const before = await world.execute(finished);
  const underWay = await world.prepare(
    {
      'main.js': `export default (i, soma) => {
        soma.usage('tokens', 5); console.log('begun');
        return new Promise(() => setInterval(() => {}, 1000));
      };`,
    },
    { meterLimits: { tokens: 10 } },
  );
  const broken = world.execute(underWay).catch(() => 'broken');
  await until('usage of the run', async () =>
    (await world.frames(underWay.runId)).some(({ kind }) => kind === 'usage'),
  );

  await world.stopRunner('SIGKILL');
  expect(await broken).toBe('broken');
  await world.startRunner();

  const again = resultOf(await world.get(`/v1/runs/${finished.runId}/frames`));
  expect(again.frames).toEqual(before.frames);
  const lost = resultOf(await world.get(`/v1/runs/${underWay.runId}/frames`));
  expect(lost.end).toMatchObject({ outcome: { state: 'lost' }, usage: { meters: { tokens: 5 } } });
  const claims = await verifyReceipt({ jws: lost.end.receipt ?? '', trustBundlePem: world.trustBundlePem });
  expect(claims).toMatchObject({ runId: underWay.runId, usage: lost.end.usage, outcome: { state: 'lost' } });
  await until('the lost run being told', () => world.heartbeats.at(-1)?.lostRunIds.includes(underWay.runId) ?? false);
  await world.acknowledge(underWay.runId, lost.end.seq);
  await until('nothing lost being told any more', () => world.heartbeats.at(-1)?.lostRunIds.length === 0);
  await until('none but warm containers', async () => (await world.containers()) === (await warmCount(world)));
});

test('a runner that is told to stop lets its runs end, and leaves no container', async () => {
  const main = 'console.log("begun"); export default () => new Promise((done) => setTimeout(done, 1000, "done"));';
  const start = await world.prepare({ 'main.js': main });
  const running = world.execute(start);
  await begun(start.runId);
  const late = await world.prepare(ENDLESS);
  const stopped = world.stopRunner('SIGTERM');
  await until('the runner being unready', async () => (await world.get('/readyz')).status === 503);
  const refused = await world.call('PUT', `/v1/runs/${late.runId}`, JSON.stringify(late));
  expect([refused.status, JSON.parse(refused.text).code]).toEqual([503, 'draining']);
  expect((await running).output).toBe('done');
  await stopped;
  await until('no container being left', async () => (await world.containers()) === 0);
  expect(world.heartbeats.at(-1)?.isDraining).toBe(true);
  await world.startRunner();
});
