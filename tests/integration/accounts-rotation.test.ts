import { randomBytes } from 'node:crypto';

import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { AccessToken, DeviceSession, StartedDevice } from '#contracts/api/accounts';
import { type Edge, startEdge, untilAlive } from '#support/edge';
import { ask, bearer, PASSWORD, Person } from '#support/people';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => {
  await edge.close();
});

async function keyHolder() {
  const { person } = await Person.withTenant(edge.url);
  return { person, key: (await person.createApiKey(['audit:read'])).key };
}

const issue = async (key: string) =>
  AccessToken.parse((await ask(edge.url, '/v1/tokens', { method: 'POST', headers: bearer(key) })).body).token;
const use = async (door: string, token: string) => (await ask(door, '/v1/audit', { headers: bearer(token) })).status;

async function publishedKeys(): Promise<(string | undefined)[]> {
  const { body } = await ask(edge.cellUrls['eu-west-1'], '/.well-known/jwks.json');
  return z
    .object({ keys: z.array(z.object({ kid: z.string() })) })
    .parse(body)
    .keys.map(({ kid }) => kid);
}

/** Isolates remember keys for five minutes; new ones remember nothing. */
async function forgetKeys(bindings: Readonly<Record<string, string>> = {}): Promise<void> {
  await edge.router.stop();
  await edge.restart('eu-west-1', bindings);
  await edge.router.start();
  await untilAlive(edge.url);
}

describe('a signing key', () => {
  test('that has expired signs no more, verifies for a day, and then no longer', async () => {
    const { key } = await keyHolder();
    const old = await issue(key);
    const { kid: oldKid } = decodeProtectedHeader(old);
    const expireBy = (interval: string) =>
      edge.databases['eu-west-1'].query('update signing_keys set expires_at = now() - $2::interval where id = $1', [
        oldKid,
        interval,
      ]);

    await expireBy('1 minute');
    const fresh = await issue(key);
    const { kid: freshKid } = decodeProtectedHeader(fresh);
    expect(freshKid).not.toBe(oldKid);
    await forgetKeys();
    expect(await publishedKeys()).toEqual(expect.arrayContaining([oldKid, freshKid]));
    for (const door of [edge.url, edge.cellUrls['eu-west-1']]) {
      expect([await use(door, old), await use(door, fresh)]).toEqual([200, 200]);
    }

    await expireBy('25 hours');
    await forgetKeys();
    expect(await publishedKeys()).not.toContain(oldKid);
    for (const door of [edge.url, edge.cellUrls['eu-west-1']]) {
      expect([await use(door, old), await use(door, fresh)]).toEqual([401, 200]);
    }
  });
});

describe('many requests that find at once that no key signs any more', () => {
  test('make one, and are believed at every door at once', async () => {
    const { key } = await keyHolder();
    await issue(key);
    await edge.databases['eu-west-1'].query("update signing_keys set expires_at = now() - interval '1 minute'");
    const before = await publishedKeys();
    const tokens = await Promise.all(Array.from({ length: 12 }, () => issue(key)));
    const statuses = tokens.flatMap((token) => [use(edge.url, token), use(edge.cellUrls['eu-west-1'], token)]);
    expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
    const kids = new Set(tokens.map((token) => decodeProtectedHeader(token).kid));
    expect((await publishedKeys()).filter((kid) => !before.includes(kid))).toEqual([...kids]);
    expect(kids.size).toBe(1);
  });
});

describe('after a leak, as docs/operations.md says', () => {
  test('deleted signing keys are replaced, and what they signed opens nothing', async () => {
    const { key } = await keyHolder();
    const leaked = await issue(key);
    await edge.databases['eu-west-1'].query('delete from signing_keys');
    await forgetKeys();
    expect([await use(edge.url, leaked), await use(edge.cellUrls['eu-west-1'], leaked)]).toEqual([401, 401]);
    expect(await use(edge.url, await issue(key))).toBe(200);
    await Person.withTenant(edge.url);
  });

  test('another AUTH_SECRET ends the sessions of browsers; keys, and sessions of the CLI, go on', async () => {
    const { person, key } = await keyHolder();
    const session = await deviceSession(person);
    const leaked = await issue(key);

    await forgetKeys({ AUTH_SECRET: randomBytes(48).toString('base64') });
    const locked = await ask(edge.url, '/v1/tokens', { method: 'POST', headers: bearer(key) });
    expect(locked.status).toBe(500);
    await edge.databases['eu-west-1'].query('delete from signing_keys');
    expect(await use(edge.url, await issue(key))).toBe(200);
    await forgetKeysOfRouter();
    expect(await use(edge.url, leaked)).toBe(401);

    expect((await person.ask('/v1/me')).status).toBe(401);
    expect((await ask(edge.url, '/v1/me', { headers: bearer(session) })).status).toBe(200);
    await edge.databases['eu-west-1'].query('delete from sessions');
    expect((await ask(edge.url, '/v1/me', { headers: bearer(session) })).status).toBe(401);
    const again = await ask(edge.url, '/v1/auth/sign-in', { json: { email: person.email, password: PASSWORD } });
    expect(again.status).toBe(200);
  });

  async function forgetKeysOfRouter(): Promise<void> {
    await edge.router.stop();
    await edge.router.start();
    await untilAlive(edge.url);
  }

  async function deviceSession(person: Person): Promise<string> {
    const client_id = 'soma-cli';
    const started = await ask(edge.url, '/v1/auth/device', { json: { client_id, email: person.email } });
    const { device_code, user_code } = StartedDevice.parse(started.body);
    await person.ask('/v1/auth/device/decision', { json: { user_code, approve: true } });
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
    const polled = await ask(edge.url, '/v1/auth/device/token', { json: { grant_type, device_code, client_id } });
    return DeviceSession.parse(polled.body).access_token;
  }
});
