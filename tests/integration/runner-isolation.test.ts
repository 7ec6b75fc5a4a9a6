import { Agent } from 'node:https';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { RunnerProblem } from '#contracts/runner';

import { isolationSuite } from '../support/isolation-suite.ts';
import { RunnerWorld } from '../support/runner-process.ts';

isolationSuite('docker', 'standard');
isolationSuite('oci', 'standard');
isolationSuite('oci', 'strict');

describe('the door', () => {
  let world: RunnerWorld;
  beforeAll(async () => {
    world = await RunnerWorld.start();
  });
  afterAll(() => world.close());

  test('opens for nobody but its own cell', async () => {
    for (const name of ['cell/us-west-2', 'cell/eu-west-1/runner/runner-2', 'cell/eu-west-1/cell/eu-west-1']) {
      const agent = await world.agentOf(`spiffe://soma.test/${name}`);
      const answer = await world.call('HEAD', `/v1/bundles/sha256:${'0'.repeat(64)}`, undefined, agent);
      expect(answer.status).toBe(403);
    }
  });

  test('does not open without a certificate', async () => {
    await expect(world.call('GET', '/healthz', undefined, new Agent({ rejectUnauthorized: false }))).rejects.toThrow(
      /certificate required|ECONNRESET|socket hang up/,
    );
  });

  test('refuses what is not right with a reason, and goes on', async () => {
    const start = await world.prepare({ 'main.js': 'export default () => 1;' });
    const put = async (body: string) => {
      const { status, text } = await world.call('PUT', `/v1/runs/${start.runId}`, body);
      return [status, RunnerProblem.parse(JSON.parse(text)).code];
    };
    expect(await put('{')).toEqual([400, 'invalid_input']);
    expect(await put(JSON.stringify({ ...start, runtime: 'perl' }))).toEqual([400, 'invalid_input']);
    expect(await put(JSON.stringify({ ...start, extra: 1 }))).toEqual([400, 'invalid_input']);
    expect(await put(JSON.stringify({ ...start, secrets: { '../x': 'y' } }))).toEqual([400, 'invalid_input']);
    expect(await put(JSON.stringify({ ...start, digest: `sha256:${'0'.repeat(64)}` }))).toEqual([
      409,
      'bundle_missing',
    ]);
    expect(await put(JSON.stringify({ ...start, input: 'x'.repeat(9_000_000) }))).toEqual([413, 'payload_too_large']);
    const wrong = await world.call('PUT', `/v1/bundles/sha256:${'0'.repeat(64)}`, 'not it');
    expect(wrong.status).toBe(422);
    expect((await world.get('/v1/runs/run_x/frames')).status).toBe(400);
    expect((await world.get('/v1/nothing/here')).status).toBe(404);
    expect((await world.call('DELETE', `/v1/runs/${start.runId}`)).status).toBe(405);
    expect((await world.execute(start)).end.outcome).toMatchObject({ state: 'succeeded' });
  });
});
