import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Run } from '#contracts/run';
import type { EdgeView } from '#support/edge-view';
import { type InstalledTool, installTool } from '#support/installed-tool';
import { type Answer, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';
import { until } from '#support/until';

/** No runner is up here: a run that has a budget stays queued until it is cancelled. */
let edge: EdgeView;
let acme: Publisher;
beforeAll(async () => {
  edge = await sharedEdge();
  acme = await Publisher.create(edge.url, 'eu-west-1');
});
afterAll(async () => {
  await edge.close();
});

const newWorld = (installation: object = {}) => installTool(acme, { installation });

async function start({ tenant, capsule }: InstalledTool, key?: string): Promise<Answer> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return tenant.ask('/v1/runs', { json: { capsule, input: { word: 'hi' } }, headers });
}

async function end({ tenant }: InstalledTool, id: string): Promise<Run> {
  await tenant.ask(`/v1/runs/${id}/cancel`, { method: 'POST' });
  return until('the end of the run', async () => {
    const run = Run.parse((await tenant.ask(`/v1/runs/${id}`)).body);
    return run.endedAt !== null && run;
  });
}

describe('an installation with a limit on its open runs', () => {
  test('starts exactly as many of fifty at once, and says when to come again', async () => {
    const world = await newWorld({ maxConcurrentRuns: 7 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => start(world)));
    const refused = answers.filter(({ status }) => status !== 201);
    expect(answers.length - refused.length).toBe(7);
    expect(new Set(refused.map((answer) => `${answer.status} ${refusalOf(answer)}`))).toEqual(
      new Set(['429 concurrency_limit']),
    );
    expect(refused[0]?.headers.get('retry-after')).toBe('5');
    expect(refused[0]?.body).toMatchObject({ maxConcurrentRuns: 7 });

    const { rows } = await edge.databases['eu-west-1'].query(
      'select (select count(*) from runs where tenant_id = $1)::int as runs, (select count(*) from idempotency_keys where tenant_id = $1)::int as keys',
      [world.tenant.tenantId],
    );
    // Nobody gave a key to remember.
    expect(rows).toEqual([{ runs: 7, keys: 0 }]);
  });

  test('starts another when one has ended, and answers a known key even while it is full', async () => {
    const world = await newWorld({ maxConcurrentRuns: 1 });
    const first = Run.parse((await start(world, 'first')).body);
    expect(refusalOf(await start(world))).toBe('concurrency_limit');
    expect(Run.parse((await start(world, 'first')).body).id).toBe(first.id);
    await end(world, first.id);
    expect((await start(world)).status).toBe(201);
  });

  test('counts what was started before the limit, and nothing once it is lifted', async () => {
    const world = await newWorld();
    const path = `/v1/installations/${world.installation}`;
    for (let count = 0; count < 3; count += 1) expect((await start(world)).status).toBe(201);
    const limited = await world.tenant.ask(path, { method: 'PATCH', json: { maxConcurrentRuns: 2 } });
    expect(limited.body).toMatchObject({ maxConcurrentRuns: 2, range: '^1.0.0' });
    expect(refusalOf(await start(world))).toBe('concurrency_limit');
    await world.tenant.ask(path, { method: 'PATCH', json: { maxConcurrentRuns: null } });
    expect((await start(world)).status).toBe(201);
  });

  test.each([0, -1, 1.5, 1_001, '5'])('takes no limit of %j', async (maxConcurrentRuns) => {
    const json = { capsule: `${acme.handle}/echo`, maxConcurrentRuns };
    expect(refusalOf(await acme.owner.ask('/v1/installations', { json }))).toBe('invalid_input');
  });
});

describe('a re-run', () => {
  const again = ({ tenant }: InstalledTool, id: string, json: object = {}, headers = {}) =>
    tenant.ask(`/v1/runs/${id}/rerun`, { json, headers });

  const inputOf = async ({ tenant }: InstalledTool, id: string) => (await tenant.ask(`/v1/runs/${id}/input`)).body;

  test('repeats the input and the version, and says what it repeats', async () => {
    const world = await newWorld();
    const first = Run.parse((await start(world)).body);
    await acme.publish({ name: world.capsule, version: '1.1.0' }, {}, world.slug);

    const same = Run.parse((await again(world, first.id)).body);
    expect(same).toMatchObject({ rerunOf: first.id, version: '1.0.0', installationId: world.installation });
    const current = Run.parse((await again(world, first.id, { version: 'current' })).body);
    expect(current).toMatchObject({ rerunOf: first.id, version: '1.1.0' });
    expect((await world.tenant.ask(`/v1/runs/${same.id}`)).body).toMatchObject({ rerunOf: first.id });

    expect(await inputOf(world, same.id)).toEqual({ runId: same.id, input: { word: 'hi' } });
  });

  test('takes another input, judged like any', async () => {
    const world = await newWorld();
    const first = Run.parse((await start(world)).body);
    const edited = Run.parse((await again(world, first.id, { input: { word: 'ho' } })).body);
    expect(await inputOf(world, edited.id)).toEqual({ runId: edited.id, input: { word: 'ho' } });
    expect(refusalOf(await again(world, first.id, { input: { word: 1 } }))).toBe('invalid_input');
    expect(refusalOf(await again(world, first.id, { version: 'latest' }))).toBe('invalid_input');
  });

  test('is one for one key', async () => {
    const world = await newWorld();
    const first = Run.parse((await start(world)).body);
    const headers = { 'idempotency-key': 'again' };
    const answers = await Promise.all(Array.from({ length: 6 }, () => again(world, first.id, {}, headers)));
    expect(new Set(answers.map(({ body }) => Run.parse(body).id)).size).toBe(1);
    expect(refusalOf(await again(world, first.id, { version: 'current' }, headers))).toBe('idempotency_key_reused');
  });

  test('of a version that was yanked, or that the installation no longer takes, offers the current one', async () => {
    const world = await newWorld();
    const first = Run.parse((await start(world)).body);
    await acme.publish({ name: world.capsule, version: '1.1.0' }, {}, world.slug);
    const status = { method: 'PATCH', json: { status: 'yanked' } };
    await acme.owner.ask(`/v1/capsules/${world.capsule}/versions/1.0.0`, status);
    const gone = await again(world, first.id);
    expect([gone.status, refusalOf(gone)]).toEqual([410, 'gone']);
    expect(gone.body).toMatchObject({ version: '1.0.0', choices: ['current'] });

    const narrow = { method: 'PATCH', json: { range: '1.1.0' } };
    await world.tenant.ask(`/v1/installations/${world.installation}`, narrow);
    const outside = await again(world, first.id);
    expect([outside.status, refusalOf(outside)]).toEqual([409, 'conflict']);
    expect(outside.body).toMatchObject({ version: '1.0.0', range: '1.1.0', choices: ['current'] });
    expect(Run.parse((await again(world, first.id, { version: 'current' })).body).version).toBe('1.1.0');
  });

  test('of a run of another tenant, or of an installation that was removed, is not found', async () => {
    const world = await newWorld();
    const { id } = Run.parse((await start(world)).body);
    const stranger = await newWorld();
    expect(refusalOf(await again(stranger, id))).toBe('not_found');
    expect(refusalOf(await stranger.tenant.ask(`/v1/runs/${id}/input`))).toBe('not_found');
    await world.tenant.ask(`/v1/installations/${world.installation}`, { method: 'DELETE' });
    expect(refusalOf(await again(world, id, { version: 'current' }))).toBe('not_found');
  });
});
