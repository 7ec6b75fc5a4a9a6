import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { AuditPage } from '#contracts/api/audit';
import { freePorts } from '#local/ports';
import { type Edge, startEdge } from '#support/edge';
import { type Answer, ask, bearer, Person, refusalOf } from '#support/people';

const region = { 'soma-region': 'eu-west-1' };
const { privateKey, publicKey } = await generateKeyPair('ES256');

let edge: Edge;
let server: Server;
let issuer: string;
let isAway = false;
let acme: Awaited<ReturnType<typeof Person.withTenant>>;
let globex: Awaited<ReturnType<typeof Person.withTenant>>;

beforeAll(async () => {
  edge = await startEdge();
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'ci', alg: 'ES256' }];
  server = createServer((_request, response) => {
    response.statusCode = isAway ? 500 : 200;
    response.end(JSON.stringify({ keys }));
  });
  const [port] = await freePorts(1);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${port}`;
  [acme, globex] = await Promise.all([Person.withTenant(edge.url), Person.withTenant(edge.url)]);
  await trust(configuration());
});
afterAll(async () => {
  await edge.close();
  server.close();
});

/** One issuer for two tenants, as a CI system of many customers is; to one audience only acme is listening. */
function configuration(): object[] {
  const shared = { issuer, jwksUri: `${issuer}/keys`, audience: 'soma' };
  return [
    { ...shared, subject: 'repo:acme/*', tenantId: acme.tenant.id, role: 'auditor' },
    { ...shared, subject: 'repo:globex/site', claims: { ref: 'main' }, tenantId: globex.tenant.id, role: 'auditor' },
    { ...shared, audience: 'soma-acme', subject: 'repo:acme/*', tenantId: acme.tenant.id, role: 'auditor' },
  ];
}

async function trust(issuers: object[] | string): Promise<void> {
  const text = typeof issuers === 'string' ? issuers : JSON.stringify(issuers);
  await edge.restart('eu-west-1', { OIDC_ISSUERS: text });
}

function sign(claims: object, key = privateKey): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000);
  return new SignJWT({ iss: issuer, aud: 'soma', sub: 'repo:acme/engine', iat, exp: iat + 300, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'ci' })
    .sign(key);
}

async function speak(claims: object, path = '/v1/audit', json?: object): Promise<Answer> {
  const headers = { ...bearer(await sign(claims)), ...region };
  return ask(edge.url, path, json === undefined ? { headers } : { headers, json });
}

const tenantOf = async (claims: object) => (await speak(claims, '/v1/me')).body;

async function refusalsOf({ person }: typeof acme): Promise<unknown[]> {
  const { items } = AuditPage.parse((await person.ask('/v1/audit?limit=100&outcome=refused')).body);
  return items.map(({ record }) => [record.actor.type, record.actor.id, record.action, record.reason]);
}

describe('an external issuer', () => {
  test('speaks for the tenant that trusts the subject, and for no other that trusts the issuer', async () => {
    expect(await tenantOf({})).toMatchObject({ tenants: [{ id: acme.tenant.id }] });
    const theirs = { sub: 'repo:globex/site', ref: 'main' };
    expect(await tenantOf(theirs)).toMatchObject({ tenants: [{ id: globex.tenant.id }] });
    expect((await speak({})).status).toBe(200);
  });

  test.each([
    ['of a subject that nobody trusts', { sub: 'repo:acme-evil/engine' }],
    ['of a subject that is trusted in part', { sub: 'repo:globex/site2', ref: 'main' }],
    ['that lacks a claim', { sub: 'repo:globex/site' }],
    ['with another claim', { sub: 'repo:globex/site', ref: 'feature' }],
    ['for another audience', { aud: 'other' }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['that has expired', { exp: Math.floor(Date.now() / 1_000) - 60 }],
    ['without an end', { exp: undefined }],
    ['without a subject', { sub: undefined }],
    ['with a subject no log could hold', { sub: 'repo:acme/\u0000' }],
  ])('is refused with a token %s', async (_what, claims) => {
    const answer = await speak(claims);
    expect([answer.status, refusalOf(answer)]).toEqual([401, 'unauthenticated']);
  });

  test('is refused with a token that somebody else has signed', async () => {
    const stranger = await generateKeyPair('ES256');
    const headers = { ...bearer(await sign({}, stranger.privateKey)), ...region };
    expect((await ask(edge.url, '/v1/audit', { headers })).status).toBe(401);
  });

  test('does what its role may, and what it may not is in the log under its name', async () => {
    const sub = 'repo:acme/writes';
    const answer = await speak({ sub }, '/v1/api-keys', { name: 'mine', scopes: ['runs:read'] });
    expect([answer.status, refusalOf(answer)]).toEqual([403, 'forbidden']);
    expect(await refusalsOf(acme)).toContainEqual(['external', `${issuer}#${sub}`, 'api-key.create', 'forbidden']);
  });

  test('leaves its refusal in the log of the tenant that it was meant for, where only one comes into question', async () => {
    const late = { sub: 'repo:acme/late', exp: Math.floor(Date.now() / 1_000) - 60 };
    const strange = { sub: 'repo:acme-evil/strange', aud: 'soma-acme' };
    const undecided = { sub: 'repo:acme-evil/undecided' };
    for (const claims of [late, strange, undecided]) expect((await speak(claims)).status).toBe(401);
    const entry = (sub: string) => ['external', `${issuer}#${sub}`, 'request.read', 'unauthenticated'];
    const refusals = await refusalsOf(acme);
    expect(refusals).toContainEqual(entry(late.sub));
    expect(refusals).toContainEqual(entry(strange.sub));
    for (const log of [refusals, await refusalsOf(globex)]) expect(log).not.toContainEqual(entry(undecided.sub));
  });
});

describe('while nobody can tell', () => {
  test('whose token it is, because the issuer does not answer, it is not called wrong', async () => {
    await trust(configuration());
    isAway = true;
    try {
      const answer = await speak({});
      expect([answer.status, refusalOf(answer)]).toEqual([503, 'unavailable']);
    } finally {
      isAway = false;
    }
    expect((await speak({})).status).toBe(200);
  });

  test('who is trusted, because the configuration is wrong, the cell is not ready and trusts nobody; the rest goes on', async () => {
    await trust('[{"issuer":"https://typo.example"}]');
    const ready = await ask(edge.cellUrls['eu-west-1'], '/readyz');
    expect([ready.status, ready.body]).toMatchObject([503, { checks: { postgres: 'ok', issuers: 'invalid' } }]);
    const answer = await speak({});
    expect([answer.status, refusalOf(answer)]).toEqual([503, 'unavailable']);
    expect((await acme.person.ask('/v1/audit')).status).toBe(200);
  });
});
