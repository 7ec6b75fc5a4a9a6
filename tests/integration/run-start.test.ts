import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { RunPage } from '#contracts/api/runs';
import { TenantUsage } from '#contracts/api/usage';
import type { ManifestInput } from '#contracts/manifest';
import { Run } from '#contracts/run';
import type { EdgeView } from '#support/edge-view';
import { type InstalledTool, installTool } from '#support/installed-tool';
import { type Answer, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';
import { until } from '#support/until';

/** No runner is up here: every run is refused before anything starts, and what leads there is what is tested. */
let edge: EdgeView;
let acme: Publisher;
beforeAll(async () => {
  edge = await sharedEdge();
  acme = await Publisher.create(edge.url, 'eu-west-1');
});
afterAll(async () => {
  await edge.close();
});

const newWorld = (manifest: Partial<ManifestInput> = {}) => installTool(acme, { manifest, hasBudget: false });

async function start(
  { tenant, capsule }: InstalledTool,
  key?: string,
  input: unknown = { word: 'hi' },
): Promise<Answer> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return tenant.ask('/v1/runs', { json: { capsule, input }, headers });
}

async function ended({ tenant }: InstalledTool, id: string): Promise<Run> {
  return until('the end of the run', async () => {
    const run = Run.parse((await tenant.ask(`/v1/runs/${id}`)).body);
    return run.endedAt !== null && run;
  });
}

async function actionsOf({ tenant }: InstalledTool): Promise<string[]> {
  const { rows } = await edge.databases['eu-west-1'].query<{ entry: string }>(
    `select (record ->> 'action') || ' ' || (record ->> 'outcome') as entry from audit_entries
     where tenant_id = $1 and record ->> 'action' like 'run.%' order by id`,
    [tenant.tenantId],
  );
  return rows.map(({ entry }) => entry);
}

describe('a run', () => {
  test('of a tenant without a budget is refused before anything starts, and that is in its log', async () => {
    const world = await newWorld();
    const answer = await start(world);
    expect(answer.status).toBe(201);
    const queued = Run.parse(answer.body);
    expect(queued).toMatchObject({ capsule: world.capsule, version: '1.0.0', state: 'queued', cell: 'eu-west-1' });

    const run = await ended(world, queued.id);
    expect(run).toMatchObject({ state: 'refused', cause: 'budget_exhausted', startedAt: null, amountNanos: '0' });
    await until('both entries', async () => (await actionsOf(world)).length === 2);
    expect(await actionsOf(world)).toEqual(['run.start success', 'run.end refused']);

    const receipt = await world.tenant.ask(`/v1/runs/${run.id}/receipt`);
    expect([receipt.status, refusalOf(receipt)]).toEqual([404, 'not_found']);
  });

  test('can be asked for as a stream: the run, its frames, its end', async () => {
    const world = await newWorld();
    const response = await fetch(`${edge.url}/v1/runs`, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        cookie: world.tenant.cookie,
        origin: edge.url,
      },
      body: JSON.stringify({ capsule: world.capsule, input: { word: 'hi' } }),
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = await response.text();
    const run = Run.parse(JSON.parse(/^event: run\ndata: (.*)$/m.exec(text)?.[1] ?? ''));
    expect(text).toMatch(/^id: 1\nevent: end\ndata: .*"budget_exhausted"/m);

    const later = await world.tenant.ask(`/v1/runs/${run.id}/events?after=0`);
    expect(later.body).toMatch(/event: end/);
    const seen = await world.tenant.ask(`/v1/runs/${run.id}/events`, { headers: { 'last-event-id': '1' } });
    expect(seen.status).toBe(204);
    const wrong = await world.tenant.ask(`/v1/runs/${run.id}/events?after=-1`);
    expect(refusalOf(wrong)).toBe('invalid_input');
  });

  test('is one for one key, however often and however fast it is asked for', async () => {
    const world = await newWorld();
    const answers = await Promise.all(Array.from({ length: 12 }, () => start(world, 'key-1')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const ids = new Set(answers.map(({ body }) => Run.parse(body).id));
    expect(ids.size).toBe(1);

    const other = await start(world, 'key-1', { word: 'other' });
    expect([other.status, refusalOf(other)]).toEqual([422, 'idempotency_key_reused']);
    expect(Run.parse((await start(world, 'key-2')).body).id).not.toBe([...ids][0]);
    expect((await actionsOf(world)).filter((entry) => entry === 'run.start success')).toHaveLength(2);
  });

  test('that was started stays the answer to its key, even where it could not be started again', async () => {
    const world = await newWorld();
    const first = Run.parse((await start(world, 'key')).body);
    await world.tenant.ask(`/v1/installations/${world.installation}`, { method: 'DELETE' });
    expect(Run.parse((await start(world, 'key')).body).id).toBe(first.id);
    expect(refusalOf(await start(world, 'another'))).toBe('not_found');
  });

  test('takes the greatest version that is active when it starts', async () => {
    const world = await newWorld();
    const versionOfNext = async () => Run.parse((await start(world)).body).version;
    expect(await versionOfNext()).toBe('1.0.0');
    await acme.publish({ name: world.capsule, version: '1.1.0' }, {}, world.slug);
    expect(await versionOfNext()).toBe('1.1.0');
    const setStatus = (status: string) =>
      acme.owner.ask(`/v1/capsules/${world.capsule}/versions/1.1.0`, { method: 'PATCH', json: { status } });
    await setStatus('yanked');
    expect(await versionOfNext()).toBe('1.0.0');
    await setStatus('active');
    await world.tenant.ask(`/v1/installations/${world.installation}`, { method: 'PATCH', json: { range: '1.0.0' } });
    expect(await versionOfNext()).toBe('1.0.0');
  });

  test('of a new version that wants more than was granted needs an approval', async () => {
    const world = await newWorld();
    await acme.publish({ name: world.capsule, version: '1.1.0', permissions: { artifacts: true } }, {}, world.slug);
    const refused = await start(world);
    expect([refused.status, refusalOf(refused)]).toEqual([409, 'approval_required']);
  });

  test('of a capsule that cannot do without a secret is refused', async () => {
    const manifest = { secrets: [{ name: 'API_TOKEN' }] };
    const installation = { approved: ['secret:API_TOKEN'] };
    const refused = await start(await installTool(acme, { manifest, installation, hasBudget: false }));
    expect([refused.status, refusalOf(refused)]).toEqual([409, 'conflict']);
    expect(refused.body).toMatchObject({ missingSecrets: ['API_TOKEN'] });
  });

  test('that is cancelled ends once', async () => {
    const world = await newWorld();
    await world.tenant.ask('/v1/budget', { method: 'PUT', json: { limitNanos: '1000000000' } });
    const { id } = Run.parse((await start(world)).body);
    const cancel = () => world.tenant.ask(`/v1/runs/${id}/cancel`, { method: 'POST' });
    expect((await cancel()).status).toBe(200);
    expect(await ended(world, id)).toMatchObject({ state: 'cancelled' });
    expect(Run.parse((await cancel()).body).state).toBe('cancelled');
    expect(await actionsOf(world)).toEqual(['run.start success', 'run.cancel success', 'run.end success']);
  });

  test('belongs to its tenant: to another it does not exist', async () => {
    const world = await newWorld();
    const { id } = Run.parse((await start(world)).body);
    const { tenant: stranger } = await newWorld();
    const answers = await Promise.all([
      stranger.ask(`/v1/runs/${id}`),
      stranger.ask(`/v1/runs/${id}/events`),
      stranger.ask(`/v1/runs/${id}/receipt`),
      stranger.ask(`/v1/runs/${id}/cancel`, { method: 'POST' }),
      stranger.ask('/v1/runs', { json: { installation: world.installation, input: { word: 'hi' } } }),
    ]);
    expect(answers.map((answer) => [answer.status, refusalOf(answer)])).toEqual(answers.map(() => [404, 'not_found']));
  });

  test('is found in the list by state, capsule and time, page by page', async () => {
    const world = await newWorld();
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift(Run.parse((await start(world)).body).id);
    await Promise.all(ids.map((id) => ended(world, id)));
    const page = async (query: string) => RunPage.parse((await world.tenant.ask(`/v1/runs?${query}`)).body);

    const first = await page('limit=2&state=refused');
    const second = await page(`limit=2&state=refused&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.next).toBeNull();
    expect((await page('state=running')).items).toEqual([]);
    expect((await page(`capsule=${world.capsule}`)).items).toHaveLength(3);
    expect((await page('capsule=nobody/nothing')).items).toEqual([]);
    expect((await page('since=2100-01-01T00:00:00Z')).items).toEqual([]);
    for (const query of [
      'state=odd',
      'capsule=x',
      'since=yesterday',
      'since=0000-01-01T00:00:00Z',
      'cursor=run_1',
      'limit=1000',
    ]) {
      expect([query, refusalOf(await world.tenant.ask(`/v1/runs?${query}`))]).toEqual([query, 'invalid_input']);
    }
  });
});

describe('the input of a run', () => {
  test('is judged by the schema of the capsule before anything starts', async () => {
    const world = await newWorld();
    const refused = await start(world, undefined, { word: 5 });
    expect([refused.status, refusalOf(refused)]).toEqual([400, 'invalid_input']);
    expect(refused.body).toMatchObject({
      violations: [{ path: '/input/word', message: expect.stringContaining('string') }],
    });
    expect(await actionsOf(world)).toEqual(['run.start refused']);
  });

  test('is judged by the version that would run it, whatever version ran before', async () => {
    const world = await newWorld();
    expect((await start(world)).status).toBe(201);
    const input = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } as const;
    await acme.publish({ name: world.capsule, version: '1.1.0', input }, {}, world.slug);
    const started = await start(world, undefined, { name: 'Ada' });
    expect([started.status, started.body]).toEqual([201, expect.objectContaining({ version: '1.1.0' })]);
    expect(refusalOf(await start(world))).toBe('invalid_input');
  });

  test('may hold any text there is', async () => {
    const world = await newWorld();
    for (const word of ['\u0000', '\ud800', '\u{1f4a9}', '"\\', "'; drop table runs"]) {
      expect((await start(world, undefined, { word })).status).toBe(201);
    }
  });

  test.each([
    ['no body', ''],
    ['half a body', '{"capsule":'],
    ['a list', '[]'],
    ['neither installation nor capsule', '{"input":{}}'],
    ['both', `{"installation":"ins_${'0'.repeat(32)}","capsule":"a1/b1","input":{}}`],
    ['no input', '{"capsule":"a1/b1"}'],
    ['an id of another kind', `{"installation":"run_${'0'.repeat(32)}","input":{}}`],
    ['bottomless input', `{"capsule":"a1/b1","input":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['a two megabyte name', JSON.stringify({ capsule: 'x'.repeat(2 * 2 ** 20), input: {} })],
  ])('%s is a typed refusal', async (_, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await acme.owner.ask('/v1/runs', { method: 'POST', body, headers });
    expect(['invalid_input', 'payload_too_large']).toContain(refusalOf(answer));
  });

  test('comes under a key that is visible text of bounded length', async () => {
    const world = await newWorld();
    for (const key of ['with space', 'x'.repeat(256)]) {
      expect(refusalOf(await start(world, key))).toBe('invalid_input');
    }
  });
});

test('what was stored is in the usage of the month, to the byte-second', async () => {
  const { tenant } = await newWorld();
  const store = (key: string, bytes: number, from: string, end: string | null) =>
    edge.databases['eu-west-1'].query(
      `insert into stored_objects (tenant_id, kind, key, size_bytes, stored_from, stored_until)
       values ($1, 'dataset', $2, $3, date_trunc('month', now() at time zone 'utc') at time zone 'utc' + $4::interval,
         date_trunc('month', now() at time zone 'utc') at time zone 'utc' + $5::interval)`,
      [tenant.tenantId, `${tenant.tenantId}/${key}`, bytes, from, end],
    );
  await store('before', 7, '-9 days', '-1 second');
  await store('across', 10 ** 12, '-9 days', '10 milliseconds');
  await store('within', 3, '0 seconds', '333 milliseconds');
  await store('still', 0, '0 seconds', null);
  const { storage } = TenantUsage.parse((await tenant.ask('/v1/usage')).body);
  expect(storage).toEqual([{ kind: 'dataset', storedBytes: 0, byteSeconds: String(10 ** 10) }]);
});

describe('a budget', () => {
  test('is zero until it is set, and the meter knows it at once', async () => {
    const { tenant } = await newWorld();
    expect((await tenant.ask('/v1/budget')).body).toEqual({
      limitNanos: '0',
      currency: 'USD',
      revision: 0,
      updatedAt: null,
    });
    const set = await tenant.ask('/v1/budget', { method: 'PUT', json: { limitNanos: '2500000000' } });
    expect(set.body).toMatchObject({ limitNanos: '2500000000', revision: 1 });
    expect((await tenant.ask('/v1/budget')).body).toEqual(set.body);
    const usage = TenantUsage.parse((await tenant.ask('/v1/usage')).body);
    expect(usage).toMatchObject({ limitNanos: '2500000000', settledNanos: '0', runs: 0 });
  });

  test.each(['-1', '1.5', '', 'many', '9'.repeat(18), '9'.repeat(40), 5, null])(
    '%j is no limit',
    async (limitNanos) => {
      const answer = await acme.owner.ask('/v1/budget', { method: 'PUT', json: { limitNanos } });
      expect([answer.status, refusalOf(answer)]).toEqual([400, 'invalid_input']);
    },
  );
});
