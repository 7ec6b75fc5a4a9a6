import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { MOST_KEYS } from '#cell/services/api-keys/create';
import { AccessToken } from '#contracts/api/accounts';
import { ApiKey } from '#contracts/api/api-keys';
import { AuditPage } from '#contracts/api/audit';
import { newId } from '#contracts/ids';
import type { EdgeView } from '#support/edge-view';
import { ask, bearer, Person, refusalOf } from '#support/people';
import { sharedEdge } from '#support/shared-edge';
import { type TrustedKey, trustedKey } from '#support/trusted-key';
import { until } from '#support/until';

let edge: EdgeView;
beforeAll(async () => {
  edge = await sharedEdge();
});
afterAll(async () => {
  await edge.close();
});

const owner = () => Person.withTenant(edge.url);

async function auditOf(person: Person, query = ''): Promise<z.infer<typeof AuditPage>['items']> {
  return AuditPage.parse((await person.ask(`/v1/audit?limit=100${query}`)).body).items;
}

async function issue(credential: string) {
  return ask(edge.url, '/v1/tokens', { method: 'POST', headers: bearer(credential) });
}

async function sign({ privateKey, kid }: TrustedKey, tenantId: string, change: object) {
  const nowS = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: edge.url,
    aud: 'soma-api',
    sub: newId('usr'),
    tid: tenantId,
    cell: 'eu-west-1',
    role: 'user',
    handle: 'made-up',
    scope: 'audit:read',
    iat: nowS,
    exp: nowS + 600,
    ...change,
  };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
}

describe('an API key', () => {
  test('acts for its tenant from any place, within its scopes, and is shown once', async () => {
    const { person, tenant } = await owner();
    const { key, ...seen } = await person.createApiKey(['audit:read', 'members:read']);
    expect(key).toMatch(/^soma_key_euw1_[\w-]{43}$/);
    const me = await ask(edge.url, '/v1/me', { headers: bearer(key) });
    expect(me.body).toMatchObject({
      account: null,
      tenants: [{ id: tenant.id }],
      permissions: ['audit:read', 'members:read'],
    });
    expect((await ask(edge.url, '/v1/members', { headers: bearer(key) })).status).toBe(200);
    const beyond = await ask(edge.url, '/v1/api-keys', { headers: bearer(key) });
    expect([beyond.status, refusalOf(beyond)]).toEqual([403, 'forbidden']);

    const listed = await person.ask('/v1/api-keys');
    expect(JSON.stringify(listed.body)).not.toContain(key.slice(seen.hint.length));
    const { rows } = await edge.databases['eu-west-1'].query('select * from api_keys where id = $1', [seen.id]);
    expect(JSON.stringify(rows)).not.toContain(key.slice(seen.hint.length));
  });

  test('ends when it is revoked, and its later use is in the log', async () => {
    const { person } = await owner();
    const { key, id } = await person.createApiKey(['audit:read']);
    for (let time = 0; time < 2; time += 1) {
      expect((await person.ask(`/v1/api-keys/${id}`, { method: 'DELETE' })).status).toBe(204);
    }
    const answer = await ask(edge.url, '/v1/audit', { headers: bearer(key) });
    expect([answer.status, refusalOf(answer)]).toEqual([401, 'unauthenticated']);
    const [entry] = await auditOf(person, '&outcome=refused');
    expect(entry?.record).toMatchObject({
      actor: { type: 'api-key', id },
      outcome: 'refused',
      reason: 'unauthenticated',
    });
  });

  test('ends when its time is over', async () => {
    const { person } = await owner();
    const { key, id } = await person.createApiKey(['audit:read']);
    await edge.databases['eu-west-1'].query("update api_keys set expires_at = now() - interval '1 s' where id = $1", [
      id,
    ]);
    expect((await ask(edge.url, '/v1/audit', { headers: bearer(key) })).status).toBe(401);
  });

  test('cannot do more than who makes it', async () => {
    const { person } = await owner();
    const { key } = await person.createApiKey(['api-keys:write', 'runs:read']);
    const json = { name: 'wider', scopes: ['runs:read', 'budget:write'] };
    const answer = await ask(edge.url, '/v1/api-keys', { json, headers: bearer(key) });
    expect([answer.status, refusalOf(answer)]).toEqual([403, 'forbidden']);
  });

  test('has a name of its own among those in force', async () => {
    const { person } = await owner();
    const json = { name: 'ci', scopes: ['runs:read'] };
    const first = await person.ask('/v1/api-keys', { json });
    expect(refusalOf(await person.ask('/v1/api-keys', { json }))).toBe('conflict');
    await person.ask(`/v1/api-keys/${ApiKey.parse(first.body).id}`, { method: 'DELETE' });
    expect((await person.ask('/v1/api-keys', { json })).status).toBe(201);
  });

  test('is one of so many and no more, and is listed for as long as it is not revoked', async () => {
    const { person } = await owner();
    const { id: oldest } = await person.createApiKey(['runs:read']);
    await edge.databases['eu-west-1'].query(
      `insert into api_keys (id, tenant_id, name, hint, secret_sha256, scopes, created_by, expires_at, revoked_at)
       select 'key_' || md5($1 || n), $1, n::text, '', md5($1 || n), '{}', 'usr', now() + interval '1 day',
         case when n > $2 then now() end
       from generate_series(2, $2::int * 2) as n`,
      [person.tenantId, MOST_KEYS],
    );
    const json = { name: 'one more', scopes: ['runs:read'] };
    const refused = await person.ask('/v1/api-keys', { json });
    expect([refused.status, refusalOf(refused)]).toEqual([409, 'conflict']);
    const listed = z.object({ items: z.array(ApiKey) }).parse((await person.ask('/v1/api-keys')).body).items;
    expect(listed.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(MOST_KEYS);
    expect(listed.map(({ id }) => id)).toContain(oldest);

    await person.ask(`/v1/api-keys/${oldest}`, { method: 'DELETE' });
    expect((await person.ask('/v1/api-keys', { json })).status).toBe(201);
  });

  test('of another tenant does not exist, and one that was made up opens nothing', async () => {
    const [mine, theirs] = await Promise.all([owner(), owner()]);
    const { id } = await theirs.person.createApiKey(['runs:read']);
    expect((await mine.person.ask(`/v1/api-keys/${id}`, { method: 'DELETE' })).status).toBe(404);
    for (const key of [`soma_key_euw1_${'A'.repeat(43)}`, 'soma_key_xxxx_abcdefghijklmnopqrstuvwxyz', 'x'.repeat(40)]) {
      const answer = await ask(edge.url, '/v1/me', { headers: bearer(key) });
      expect([answer.status, refusalOf(answer)]).toEqual([401, 'unauthenticated']);
    }
  });
});

describe('an access token', () => {
  test('has what its key has, and cannot be exchanged for a longer life', async () => {
    const { person } = await owner();
    const { key } = await person.createApiKey(['audit:read']);
    const issued = await issue(key);
    expect(issued.status).toBe(201);
    const { token } = AccessToken.parse(issued.body);
    const answer = await ask(edge.url, '/v1/audit', { headers: bearer(token) });
    expect([answer.status, answer.headers.get('soma-served-because')]).toEqual([200, 'token']);
    expect(refusalOf(await ask(edge.url, '/v1/members', { headers: bearer(token) }))).toBe('forbidden');
    expect(refusalOf(await issue(token))).toBe('forbidden');
  });

  test('is refused when expired, for another audience, of another issuer, too old, for another cell or signed by nobody', async () => {
    const { person, tenant } = await owner();
    const key = await trustedKey(edge, 'eu-west-1');
    const nowS = Math.floor(Date.now() / 1_000);
    const sound = await sign(key, tenant.id, {});
    await until(
      'the key being known',
      () => ask(edge.url, '/v1/audit', { headers: bearer(sound) }),
      ({ status }) => status === 200,
    );

    const [head, body] = sound.split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
    const unknown = await generateKeyPair('ES256');
    const wrong = {
      expired: await sign(key, tenant.id, { exp: nowS - 60, iat: nowS - 600 }),
      audience: await sign(key, tenant.id, { aud: 'soma-router' }),
      issuer: await sign(key, tenant.id, { iss: 'https://evil.example' }),
      old: await sign(key, tenant.id, { iat: nowS - 3_600 }),
      cell: await sign(key, tenant.id, { cell: 'us-west-2' }),
      claims: await sign(key, tenant.id, { tid: 'ten_1' }),
      scope: await sign(key, tenant.id, { scope: 'root' }),
      unsigned: `${head}.${body}.${'A'.repeat(86)}`,
      none: `${none}AAAA`,
      signer: await sign({ ...unknown, kid: 'unknown' }, tenant.id, {}),
    };
    for (const [what, token] of Object.entries(wrong)) {
      for (const door of [edge.url, edge.cellUrls['eu-west-1']]) {
        const answer = await ask(door, '/v1/audit', { headers: bearer(token) });
        expect([what, answer.status, refusalOf(answer)]).toEqual([what, 401, 'unauthenticated']);
      }
    }
    // What this tenant's cell has signed for it is in its log, at whichever door it was shown.
    const known = [wrong.expired, wrong.audience, wrong.old];
    const refused = await auditOf(person, '&outcome=refused');
    expect(refused.filter(({ record }) => record.reason === 'unauthenticated')).toHaveLength(2 * known.length);
  });

  test('verifies against the published keys of all cells', async () => {
    const published = await ask(edge.url, '/.well-known/jwks.json');
    const Keys = z.object({ keys: z.array(z.object({ kid: z.string(), alg: z.literal('ES256') }).loose()) });
    const { keys } = Keys.parse(published.body);
    expect(new Set(keys.map(({ kid }) => kid)).size).toBeGreaterThanOrEqual(2);
    expect(keys.some((key) => 'd' in key)).toBe(false);
  });
});
