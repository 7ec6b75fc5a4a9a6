import { randomUUID } from 'node:crypto';

import { beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';

import { startRun } from '#cli/start-run';
import type { Installation } from '#contracts/api/installations';
import { newId } from '#contracts/ids';
import { Run } from '#contracts/run';
import { ask, bearer, refusalOf } from '#support/people';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

const ECHO = 'export default async (input) => input;\n';

let tenant: RunningTenant;
let stranger: RunningTenant;
let echo: Installation;
let run: Run;

beforeAll(async () => {
  const url = inject('publicUrl');
  [tenant, stranger] = await Promise.all([
    RunningTenant.create(url, 'eu-west-1'),
    RunningTenant.create(url, 'eu-west-1'),
  ]);
  echo = await tenant.installs('echo', ECHO);
  run = await startRun(tenant.connection, { installation: echo.id, input: { word: 'hi' } }, randomUUID());
  run = await until(
    'the run is over',
    () => tenant.findRun(run.id),
    (seen) => seen.endedAt !== null,
  );
});

describe("another tenant's ids are not found", () => {
  test.each([
    ['GET', (): string => `/v1/runs/${run.id}`],
    ['GET', (): string => `/v1/runs/${run.id}/events`],
    ['GET', (): string => `/v1/runs/${run.id}/receipt`],
    ['POST', (): string => `/v1/runs/${run.id}/cancel`],
    ['GET', (): string => `/v1/installations/${echo.id}`],
    ['GET', (): string => `/v1/installations/${echo.id}/cost`],
    ['DELETE', (): string => `/v1/installations/${echo.id}`],
    ['DELETE', (): string => `/v1/publisher-keys/${tenant.publisher.keyId}`],
  ])('%s %s', async (method, path) => {
    const answer = await stranger.publisher.owner.ask(path(), { method });
    expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
  });

  test('and a run cannot be started with them', async () => {
    const answer = await stranger.publisher.owner.ask('/v1/runs', { json: { installation: echo.id, input: {} } });
    expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
  });

  test('nor in the other region', async () => {
    const far = await RunningTenant.create(inject('publicUrl'), 'us-west-2');
    const answer = await far.publisher.owner.ask(`/v1/runs/${run.id}`);
    expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
  });
});

describe('an idempotency key', () => {
  const start = (key: string, json: unknown) =>
    tenant.publisher.owner.ask('/v1/runs', { json, headers: { 'idempotency-key': key } });

  test('starts one run, also when it is sent many times at once', async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => start(key, { installation: echo.id, input: { word: 'once' } })),
    );
    expect(new Set(answers.map((answer) => Run.parse(answer.body).id)).size).toBe(1);
  });

  test('with another body is refused', async () => {
    const key = randomUUID();
    await start(key, { installation: echo.id, input: { word: 'one' } });
    const answer = await start(key, { installation: echo.id, input: { word: 'two' } });
    expect([answer.status, refusalOf(answer)]).toEqual([422, 'idempotency_key_reused']);
  });

  test('of another tenant means nothing', async () => {
    const key = randomUUID();
    const first = Run.parse((await start(key, { installation: echo.id, input: {} })).body);
    const own = await stranger.installs(`echo-${key.slice(0, 8).replaceAll(/^\d/g, 'x')}`, ECHO);
    const answer = await stranger.publisher.owner.ask('/v1/runs', {
      json: { installation: own.id, input: {} },
      headers: { 'idempotency-key': key },
    });
    expect(answer.status).toBe(201);
    expect(Run.parse(answer.body).id).not.toBe(first.id);
  });
});

describe('bad input is a typed refusal, never a 5xx', () => {
  const big = 'x'.repeat(2 * 2 ** 20);
  test.each([
    ['malformed JSON', '/v1/runs', { body: '{"input":', headers: { 'content-type': 'application/json' } }],
    ['no JSON at all', '/v1/runs', { body: 'hello', headers: { 'content-type': 'text/plain' } }],
    ['wrong types', '/v1/runs', { json: { installation: 7, input: {} } }],
    ['neither installation nor capsule', '/v1/runs', { json: { input: {} } }],
    ['an unknown member', '/v1/installations', { json: { capsule: 'a/b', extra: 1 } }],
    ['a name of 2 MB', '/v1/tenants', { json: { handle: 'abc', name: big } }],
    ['an input of 2 MB', '/v1/runs', { json: { capsule: 'aa/bb', input: big } }],
    ['a NUL in a name', '/v1/tenants', { json: { handle: 'abc', name: 'a\u0000b' } }],
    ['a NUL in a code', '/v1/auth/device/decision', { json: { user_code: 'AB\u0000CD', approve: true } }],
    ['a lone surrogate', '/v1/tenants', { json: { handle: 'abc', name: '\ud800' } }],
    ['a negative budget', '/v1/budget', { method: 'PUT', json: { limitNanos: '-1' } }],
    ['a fractional budget', '/v1/budget', { method: 'PUT', json: { limitNanos: '1.5' } }],
    ['an astronomic budget', '/v1/budget', { method: 'PUT', json: { limitNanos: '9'.repeat(40) } }],
    ['an id that is none', '/v1/runs/run_nope', { method: 'GET' }],
    ['an id nobody has', `/v1/runs/${newId('run')}`, { method: 'GET' }],
    ['a cursor that is none', '/v1/runs?cursor=%00%ff', { method: 'GET' }],
    ['a limit out of range', '/v1/runs?limit=100000', { method: 'GET' }],
    ['a wrong method', '/v1/usage', { method: 'DELETE' }],
    ['no such path', '/v1/nothing', { method: 'GET' }],
    [
      'a broken form',
      '/v1/capsules/aa/bb/versions',
      { body: '--x', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    ],
    ['a form without parts', '/v1/capsules/aa/bb/versions', { form: new FormData() }],
    ['a broken escape in the path', '/v1/capsules/%E0%A4%A/x', { method: 'GET' }],
  ])('%s', async (_, path, asking) => {
    const answer = await tenant.publisher.owner.ask(path, asking);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(refusalOf(answer)).toEqual(expect.any(String));
  });

  test("an input that the capsule's schema does not allow names where and what", async () => {
    const strict = await tenant.installs('strict', ECHO, {
      input: { type: 'object', required: ['n'], properties: { n: { type: 'integer', minimum: 1 } } },
    });
    const answer = await tenant.publisher.owner.ask('/v1/runs', { json: { installation: strict.id, input: { n: 0 } } });
    expect(refusalOf(answer)).toBe('invalid_input');
    const { violations } = z
      .object({ violations: z.array(z.object({ path: z.string(), message: z.string() })) })
      .parse(answer.body);
    expect(violations).toEqual([expect.objectContaining({ path: expect.stringContaining('/n') })]);
  });
});

describe('a body that is far too large is answered, not cut off', () => {
  const block = Buffer.alloc(2 ** 20, 'x');
  const upload = async (body: BodyInit, headers: Record<string, string>) => {
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      duplex: 'half',
    };
    const answer = await fetch(new URL('/v1/runs', inject('publicUrl')), request);
    return answer.status;
  };

  test.each([
    ['known', 'with', 413],
    ['unknown', 'with', 413],
    ['known', 'without', 401],
    ['unknown', 'without', 401],
  ])('its length %s, %s a credential', async (length, credential, status) => {
    const headers = credential === 'with' ? bearer(tenant.connection.credential ?? '') : {};
    const attempts = Array.from({ length: 4 }, () => {
      const blocks = Array.from({ length: 24 }, () => block);
      return upload(length === 'known' ? Buffer.concat(blocks) : streamOf(blocks), headers);
    });
    expect(await Promise.all(attempts)).toEqual([status, status, status, status]);
  });
});

function streamOf(blocks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...blocks];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = left.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
  });
}

describe('credentials', () => {
  test.each([
    ['none', {}],
    ['nonsense', bearer('nonsense')],
    ['a key nobody made', bearer(`soma_key_euw1_${'a'.repeat(43)}`)],
    ['a key of a cell there is not', bearer(`soma_key_mars_${'a'.repeat(43)}`)],
    ['an unsigned token', bearer('eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4IiwiY2VsbCI6ImV1LXdlc3QtMSJ9.')],
    ['a cookie that was made up', { cookie: 'soma-euw1.session_token=abc.def' }],
  ])('%s opens nothing', async (_, headers) => {
    const answer = await ask(inject('publicUrl'), '/v1/runs', { headers });
    expect([answer.status, refusalOf(answer)]).toEqual([401, 'unauthenticated']);
  });
});

test('a refusal is in the audit log of the tenant it concerns', async () => {
  const answer = await tenant.publisher.owner.ask('/v1/installations', { json: { capsule: 'nobody/nothing' } });
  expect(refusalOf(answer)).toBe('not_found');
  const entries = await until(
    'the refusal is recorded',
    () => tenant.auditEntries('installation.create'),
    (items) => items.some(({ record }) => record.outcome === 'refused'),
  );
  expect(entries.find(({ record }) => record.outcome === 'refused')?.record).toMatchObject({ reason: 'not_found' });
});
