import { once } from 'node:events';
import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { AccessToken } from '#contracts/api/accounts';
import { AuditPage } from '#contracts/api/audit';
import { newId } from '#contracts/ids';
import type { EdgeView } from '#support/edge-view';
import { ask, bearer, Person, refusalOf } from '#support/people';
import { sharedEdge } from '#support/shared-edge';

let edge: EdgeView;
beforeAll(async () => {
  edge = await sharedEdge();
});
afterAll(async () => {
  await edge.close();
});

describe('the router', () => {
  test('hands a key to the cell that its prefix names', async () => {
    for (const region of ['eu-west-1', 'us-west-2'] as const) {
      const { person } = await Person.withTenant(edge.url, region);
      const { key } = await person.createApiKey(['audit:read']);
      const answer = await ask(edge.url, '/v1/audit', { headers: bearer(key) });
      expect([answer.status, answer.headers.get('soma-cell')]).toEqual([200, region]);
      expect(answer.headers.get('soma-served-because')).toBe('credential');
    }
  });

  test('gives every request an id of its own, whatever the client says', async () => {
    const mine = newId('req');
    const answers = await Promise.all(
      ['/v1/me', '/healthz', '/nowhere', '/v1/nowhere'].map((path) =>
        ask(edge.url, path, { headers: { 'x-request-id': mine } }),
      ),
    );
    const ids = answers.map(({ headers }) => headers.get('x-request-id') ?? '');
    expect(new Set([mine, ...ids]).size).toBe(5);
    expect(ids.every((id) => /^req_[0-9a-f]{32}$/.test(id))).toBe(true);
  });

  test('opens no internal door to the outside', async () => {
    const paths = [
      '/internal/v1/runners/heartbeat',
      '/internal/v1/catalogue',
      '/internal/directory/release',
      '/internal/',
    ];
    for (const path of paths) {
      const answer = await ask(edge.url, path, { json: {} });
      expect([path, answer.status, refusalOf(answer)]).toEqual([path, 404, 'not_found']);
    }
    const { person } = await Person.withTenant(edge.url);
    const { key } = await person.createApiKey(['audit:read']);
    for (const headers of [{}, bearer(key), bearer('a.b.c'.padEnd(40, 'x'))]) {
      const json = { kind: 'handle', key: 'mine', owner: 'me' };
      const claim = await ask(edge.url, '/internal/directory/claim', { json, headers });
      expect([claim.status, refusalOf(claim)]).toEqual([401, 'unauthenticated']);
    }
  });

  test('and at the cell itself they open to a certificate or a peer alone', async () => {
    const cell = edge.cellUrls['eu-west-1'];
    const { person } = await Person.withTenant(edge.url, 'eu-west-1');
    const { key } = await person.createApiKey(['audit:read']);
    const { body } = await ask(edge.url, '/v1/tokens', { method: 'POST', headers: bearer(key) });
    const { token } = AccessToken.parse(body);
    const forged = { 'mf-cf-blob': '{"tlsClientAuth":{"certVerified":"SUCCESS"}}', 'client-cert': ':AAAA:' };
    for (const path of ['/internal/v1/runners/heartbeat', '/internal/v1/catalogue']) {
      for (const headers of [{}, bearer(key), bearer(token), forged]) {
        const answer = await ask(cell, path, { json: {}, headers });
        expect([path, answer.status, refusalOf(answer)]).toEqual([path, 401, 'unauthenticated']);
      }
    }
  });

  test('serves the app with a policy that lets no foreign script in', async () => {
    const page = await ask(edge.url, '/runs/some-run');
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('content-security-policy')).toMatch(
      /script-src 'self';.*require-trusted-types-for 'script'/,
    );
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const scripts = [
      ...z
        .string()
        .parse(page.body)
        .matchAll(/src="(\/assets\/[^"]+)"/g),
    ].map(([, path = '']) => path);
    expect(scripts.length).toBeGreaterThan(0);
    const script = await ask(edge.url, scripts[0] ?? '');
    expect(script.headers.get('cache-control')).toContain('immutable');
  });
});

describe('a bad request', () => {
  const post = { method: 'POST' };
  test.each([
    [
      'JSON that ends too soon',
      { ...post, body: '{"name":', headers: { 'content-type': 'application/json' } },
      400,
      'invalid_input',
    ],
    [
      'a list for an object',
      { ...post, body: '[]', headers: { 'content-type': 'application/json' } },
      400,
      'invalid_input',
    ],
    ['no body', post, 400, 'invalid_input'],
    [
      'a form',
      { ...post, body: 'name=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'unsupported_media_type',
    ],
    [
      'bytes of no type',
      { ...post, body: 'x', headers: { 'content-type': 'application/octet-stream' } },
      415,
      'unsupported_media_type',
    ],
    [
      'a name of two megabytes',
      { ...post, json: { name: 'x'.repeat(2 ** 21), handle: 'big' } },
      413,
      'payload_too_large',
    ],
    [
      'a name of a hundred thousand letters',
      { ...post, json: { name: 'x'.repeat(100_000), handle: 'long' } },
      400,
      'invalid_input',
    ],
    ['a name with a null byte', { ...post, json: { name: 'a\u0000b', handle: 'null' } }, 400, 'invalid_input'],
    ['a lone surrogate', { ...post, json: { name: 'a\ud800', handle: 'lone' } }, 400, 'invalid_input'],
    ['a method that the path does not take', { method: 'PUT', json: {} }, 405, 'method_not_allowed'],
  ])('with %s is refused by kind, and nothing is stored', async (_what, asking, status, code) => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const answer = await person.ask('/v1/tenants', asking);
    expect([answer.status, refusalOf(answer)]).toEqual([status, code]);
    expect((await person.ask('/v1/tenants')).body).toEqual({ items: [] });
  });

  test('says which methods a path takes', async () => {
    const answer = await ask(edge.url, '/v1/tenants', { method: 'DELETE' });
    expect(answer.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(['GET', 'POST']));
  });

  test.each(['ten_1', 'ten_zz', '', '%00', '../x'])('with the tenant %s is refused', async (tenant) => {
    const { person } = await Person.withTenant(edge.url);
    const answer = await person.ask('/v1/members', { headers: { 'soma-tenant': tenant } });
    expect([400, 404]).toContain(answer.status);
    expect(['invalid_input', 'not_found']).toContain(refusalOf(answer));
  });

  test.each([
    'Basic YTpi',
    'Bearer',
    'Bearer x',
    `Bearer ${'y'.repeat(9_000)}`,
    'Bearer a.b.c',
    `Bearer ${'A'.repeat(30)}.e30.AAAA`,
  ])('with the credential %s is nobody', async (authorization) => {
    for (const door of [edge.url, edge.cellUrls['eu-west-1']]) {
      const answer = await ask(door, '/v1/me', { headers: { authorization } });
      expect([answer.status, refusalOf(answer)]).toEqual([401, 'unauthenticated']);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
  });
});

describe('what no store can hold', () => {
  test.each(['/v1/runs/%00', '/v1/installations/%ed%a0%80', '/v1/schedules/%0a%07'])(
    'in the path %s is refused, and the refusal is in the log with the path as it was sent',
    async (path) => {
      const { person } = await Person.withTenant(edge.url);
      const answer = await person.ask(path);
      expect([answer.status, refusalOf(answer)]).toEqual([400, 'invalid_input']);
      const { items } = AuditPage.parse((await person.ask('/v1/audit?outcome=refused')).body);
      expect(items).toMatchObject([{ record: { reason: 'invalid_input', target: path } }]);
    },
  );

  test.each(['AB\u0000CD', 'AB\ud800CD', 'x'.repeat(33)])('in the code of a device is refused', async (user_code) => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const answer = await person.ask('/v1/auth/device/decision', { json: { user_code, approve: true } });
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'invalid_input']);
  });
});

describe('a sign-in whose length nobody knows', () => {
  const PATHS = ['/v1/auth/sign-up', '/v1/auth/sign-in', '/v1/auth/device', '/v1/auth/device/token'];

  test('is waited for ten seconds, and kept in memory no further than it may be long', async () => {
    const answers = await Promise.all(
      PATHS.flatMap((path) => [endless(path, '{"email":"'), endless(path, 'x'.repeat(20 * 1_024))]),
    );
    expect(answers).toEqual(PATHS.flatMap(() => [408, 413]));
  });
});

/** Sends `start` and then nothing, without an end, until it is answered. */
async function endless(path: string, start: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  const outgoing = request(`${edge.url}${path}`, { method: 'POST', headers });
  outgoing.write(start);
  const [answer] = await once(outgoing, 'response');
  outgoing.destroy();
  return answer.statusCode;
}

describe('the API document', () => {
  test('is OpenAPI 3.1, and every operation says who may call it and what evidence it leaves', async () => {
    const Operation = z.object({
      'x-soma-access': z.string(),
      'x-soma-audit': z.string(),
      responses: z.looseObject({ default: z.unknown() }),
    });
    const Document = z.object({
      openapi: z.literal('3.1.0'),
      paths: z.record(z.string(), z.record(z.string(), Operation)),
    });
    const { paths } = Document.parse((await ask(edge.url, '/openapi.json')).body);
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const declared = operation['x-soma-audit'];
        const isRead = method === 'get';
        expect([path, method, declared]).toEqual([
          path,
          method,
          expect.stringMatching(isRead ? /^none: / : /^(none: \w|[a-z-]+\.[a-z_-]+$)/),
        ]);
      }
    }
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/v1/runs', '/v1/tenants', '/v1/audit', '/healthz']));
  });

  test('has a page to read it on, which loads nothing from elsewhere', async () => {
    const page = await ask(edge.url, '/reference');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self'/);
    for (const [, source = ''] of z
      .string()
      .parse(page.body)
      .matchAll(/src="([^"]+)"/g)) {
      const script = await ask(edge.url, source);
      expect([source, script.status, script.headers.get('content-type')]).toEqual([
        source,
        200,
        expect.stringContaining('javascript'),
      ]);
    }
  });
});

describe('health', () => {
  test('tells being alive from being ready, and names the store that is missing', async () => {
    const cell = edge.cellUrls['eu-west-1'];
    expect((await ask(cell, '/healthz')).status).toBe(200);
    const ready = await ask(cell, '/readyz');
    expect([ready.status, ready.body]).toEqual([
      503,
      { isReady: false, checks: { postgres: 'ok', clickhouse: 'down', redis: 'ok', bucket: 'ok', issuers: 'ok' } },
    ]);
  });
});
