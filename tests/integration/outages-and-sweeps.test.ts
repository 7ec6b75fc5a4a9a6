import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { AccessToken } from '#contracts/api/accounts';
import { Installation } from '#contracts/api/installations';
import { newId } from '#contracts/ids';
import { Run } from '#contracts/run';
import { type Edge, startEdge, untilAlive } from '#support/edge';
import { ask, bearer, newEmail, PASSWORD, Person, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { until } from '#support/until';

/** What stops a part of the edge, or sweeps all of it. A Worker that comes up sweeps at once: what counts rows goes before what stops one. */
let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => {
  await edge.close();
});

const signUp = (json: unknown) => ask(edge.url, '/v1/auth/sign-up', { json });
const signIn = (email: string, password: string) => ask(edge.url, '/v1/auth/sign-in', { json: { email, password } });

describe('signing in', () => {
  test('is not possible while Redis is down; whoever is signed in goes on', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    await edge.redis.stop();
    try {
      const answer = await signIn(person.email, PASSWORD);
      expect([answer.status, refusalOf(answer)]).toEqual([503, 'unavailable']);
      expect((await person.ask('/v1/me')).status).toBe(200);
    } finally {
      await edge.redis.start();
    }
    expect((await signIn(person.email, PASSWORD)).status).toBe(200);
  });
});

describe('while Postgres is down', () => {
  test('everything that needs it is unavailable, never a guess; afterwards a sign-up goes through as if nothing was', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const email = newEmail();
    const sound = { email, password: PASSWORD, name: 'Ada', region: 'eu-west-1' };
    await edge.postgres.stop();
    try {
      const answers = await Promise.all([person.ask('/v1/me'), person.ask('/v1/tenants'), signUp(sound)]);
      for (const answer of answers) expect([answer.status, refusalOf(answer)]).toEqual([503, 'unavailable']);
    } finally {
      await edge.postgres.start();
    }
    expect((await person.ask('/v1/me')).status).toBe(200);
    await Person.signUp(edge.url, 'eu-west-1', email);
  });
});

describe('what is over', () => {
  test('is deleted by the cron, and nothing else', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    await person.createTenant();
    await ask(edge.url, '/v1/auth/device', { json: { client_id: 'soma-cli', region: 'eu-west-1' } });
    const database = edge.databases['eu-west-1'];
    const count = async () => {
      const { rows } = await database.query(`select
        (select count(*)::int from sessions) as sessions, (select count(*)::int from device_codes) as codes,
        (select count(*)::int from signing_keys) as signing, (select count(*)::int from idempotency_keys) as idempotency`);
      return z
        .tuple([z.object({ sessions: z.int(), codes: z.int(), signing: z.int(), idempotency: z.int() })])
        .parse(rows)[0];
    };
    const before = await count();
    await database.query(`insert into sessions (id, user_id, token_sha256, expires_at)
      select 'old-' || n, (select id from users limit 1), 'old-' || n, now() - interval '1 s' from generate_series(1, 6000) as n`);
    await database.query(`insert into device_codes (id, device_code, user_code, expires_at, status)
      values ('old', 'old', 'old', now() - interval '1 s', 'pending')`);
    await database.query(`insert into signing_keys (id, public_key, private_key, created_at, expires_at)
      values ('old', '{}', '', now(), now() - interval '49 h')`);
    await database.query(`insert into idempotency_keys (tenant_id, key, request_hash, target, created_at)
      values ('ten_x', 'old', '', '', now() - interval '31 days'), ('ten_x', 'new', '', '', now() - interval '29 days')`);
    await edge.fireCron('eu-west-1');
    expect(await count()).toEqual({ ...before, idempotency: before.idempotency + 1 });
    expect((await person.ask('/v1/me')).status).toBe(200);
  });
});

describe('a cell that is down', () => {
  test('makes what belongs to it unavailable, and nothing else; what is public comes from the other', async () => {
    const here = await Person.withTenant(edge.url, 'eu-west-1');
    const there = await Person.withTenant(edge.url, 'us-west-2');
    const { key } = await here.person.createApiKey(['audit:read']);
    await edge.workers['eu-west-1'].stop();
    try {
      const sound = { email: newEmail(), password: PASSWORD, name: 'Ada', region: 'eu-west-1' };
      const answers = await Promise.all([
        here.person.ask('/v1/me'),
        ask(edge.url, '/v1/audit', { headers: bearer(key) }),
        ask(edge.url, '/v1/auth/sign-in', { json: { email: here.person.email, password: PASSWORD } }),
        ask(edge.url, '/v1/auth/sign-up', { json: sound }),
      ]);
      for (const answer of answers) expect([answer.status, refusalOf(answer)]).toEqual([503, 'unavailable']);

      expect((await there.person.ask('/v1/me')).status).toBe(200);
      const openapi = await ask(edge.url, '/openapi.json', { headers: bearer(key) });
      expect([openapi.status, openapi.headers.get('soma-served-because')]).toEqual([200, 'failover']);
      const ready = await ask(edge.url, '/readyz');
      // There is no ClickHouse here: no cell is ready all through.
      const cells = { 'us-west-2': 'not-ready', 'eu-west-1': 'down' };
      expect([ready.status, ready.body]).toEqual([200, { isReady: true, cells }]);
    } finally {
      await edge.workers['eu-west-1'].start();
    }
    expect((await here.person.ask('/v1/me')).status).toBe(200);
  });
});

describe('an access token', () => {
  test('is not called wrong where its keys cannot be had: nobody can tell', async () => {
    const { person } = await Person.withTenant(edge.url);
    const { key } = await person.createApiKey(['audit:read']);
    const issued = await ask(edge.url, '/v1/tokens', { method: 'POST', headers: bearer(key) });
    const { token } = AccessToken.parse(issued.body);
    await Promise.all([edge.postgres.stop(), edge.router.stop(), edge.workers['eu-west-1'].stop()]);
    try {
      await Promise.all([edge.router.start(), edge.workers['eu-west-1'].start()]);
      for (const door of [edge.url, edge.cellUrls['eu-west-1']]) {
        await untilAlive(door);
        const answer = await ask(door, '/v1/audit', { headers: bearer(token) });
        expect([door, answer.status, refusalOf(answer)]).toEqual([door, 503, 'unavailable']);
      }
    } finally {
      await edge.postgres.start();
    }
    expect((await ask(edge.url, '/v1/audit', { headers: bearer(token) })).status).toBe(200);
  });
});

test('a run whose start was recorded and never handed over is found by the sweep, and ends', async () => {
  const acme = await Publisher.create(edge.url, 'eu-west-1');
  await acme.publishes();
  const { person: tenant } = await Person.withTenant(edge.url);
  const installed = await tenant.ask('/v1/installations', { json: { capsule: `${acme.handle}/echo` } });
  const { id: installation } = Installation.parse(installed.body);
  const { id } = Run.parse((await tenant.ask('/v1/runs', { json: { installation, input: { word: 'hi' } } })).body);
  const orphan = newId('run');
  await edge.databases['eu-west-1'].query(
    `insert into runs (id, tenant_id, installation_id, version_id, capsule, version, digest, isolation, state, input, created_at)
     select $1, tenant_id, installation_id, version_id, capsule, version, digest, isolation, 'queued', input, now() - interval '1 minute'
     from runs where id = $2`,
    [orphan, id],
  );
  // The local cron fires when a Worker comes up.
  await edge.restart('eu-west-1', {});
  const ended = await until('the end of the run', async () => {
    const run = Run.parse((await tenant.ask(`/v1/runs/${orphan}`)).body);
    return run.endedAt !== null && run;
  });
  expect(ended).toMatchObject({ state: 'refused', cause: 'budget_exhausted' });
});
