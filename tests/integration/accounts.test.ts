import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { DeviceSession, StartedDevice } from '#contracts/api/accounts';
import type { EdgeView } from '#support/edge-view';
import { ask, bearer, cookieOf, newEmail, PASSWORD, Person, refusalOf } from '#support/people';
import { sharedEdge } from '#support/shared-edge';

let edge: EdgeView;
beforeAll(async () => {
  edge = await sharedEdge();
});
afterAll(async () => {
  await edge.close();
});

const signUp = (json: unknown) => ask(edge.url, '/v1/auth/sign-up', { json });
const signIn = (email: string, password: string) => ask(edge.url, '/v1/auth/sign-in', { json: { email, password } });

const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
const startDevice = async (json: object) =>
  StartedDevice.parse((await ask(edge.url, '/v1/auth/device', { json: { client_id: 'soma-cli', ...json } })).body);
const pollDevice = (device_code: string) =>
  ask(edge.url, '/v1/auth/device/token', { json: { grant_type, device_code, client_id: 'soma-cli' } });

describe('an account', () => {
  test('is made in the region its owner chooses, and answers from there', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const me = await person.ask('/v1/me');
    expect(me.status).toBe(200);
    expect(me.body).toMatchObject({ account: { email: person.email, region: 'eu-west-1' }, tenants: [] });
    expect(me.headers.get('soma-cell')).toBe('eu-west-1');
    expect(me.headers.get('soma-zone')).toBe('eu');
    expect(me.headers.get('soma-served-because')).toBe('cookie');
  });

  test('is stored in its own region only', async () => {
    const { email } = await Person.signUp(edge.url, 'eu-west-1');
    const found = await Promise.all(
      Object.entries(edge.databases).map(async ([cell, database]) => {
        const { rowCount } = await database.query('select 1 from users where email = $1', [email]);
        return [cell, rowCount];
      }),
    );
    expect(Object.fromEntries(found)).toEqual({ 'eu-west-1': 1, 'us-west-2': 0 });
  });

  test('is one in the whole platform: the same address cannot sign up again, in any region', async () => {
    const { email } = await Person.signUp(edge.url, 'eu-west-1');
    for (const region of ['eu-west-1', 'us-west-2']) {
      const again = await signUp({ email: email.toUpperCase(), password: PASSWORD, name: 'Eve', region });
      expect([again.status, refusalOf(again)]).toEqual([409, 'conflict']);
    }
  });

  test('is made once where two sign-ups for one address race', async () => {
    const email = newEmail();
    const answers = await Promise.all(
      ['eu-west-1', 'us-west-2', 'eu-west-1', 'us-west-2'].map((region) =>
        signUp({ email, password: PASSWORD, name: 'Ada', region }),
      ),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(refusalOf)).toEqual(['conflict', 'conflict', 'conflict']);
  });

  test('can be made after an attempt that died between claiming the address and writing the account', async () => {
    const { email } = await Person.signUp(edge.url, 'eu-west-1');
    await edge.databases['eu-west-1'].query('delete from users where email = $1', [email]);
    await Person.signUp(edge.url, 'eu-west-1', email);
    expect((await signIn(email, PASSWORD)).status).toBe(200);
  });

  test.each([
    ['a password that is too short', { password: 'short' }],
    ['something that is no address', { email: 'ada' }],
    ['a region that does not exist', { region: 'mars-1' }],
    ['an unknown field', { role: 'owner' }],
    ['a name with a line break', { name: 'Ada\nLovelace' }],
    ['a number for a name', { name: 7 }],
  ])('is not made from %s', async (_what, wrong) => {
    const sound = { email: newEmail(), password: PASSWORD, name: 'Ada', region: 'eu-west-1' };
    const answer = await signUp({ ...sound, ...wrong });
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'invalid_input']);
    expect(answer.body).toHaveProperty('violations.0.path', expect.stringMatching(/^(\/\w+)?$/));
  });
});

describe('signing in', () => {
  test('finds the region by the address, and gives a cookie no script can read', async () => {
    const { email } = await Person.signUp(edge.url, 'us-west-2');
    const answer = await signIn(email, PASSWORD);
    expect([answer.status, answer.headers.get('soma-cell')]).toEqual([200, 'us-west-2']);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^soma-usw2\.session_token=.*HttpOnly.*SameSite=Lax/);
    expect(JSON.stringify(answer.body)).not.toContain(decodeURIComponent(cookieOf(answer)).split(/[=.]/)[2]);
  });

  test('keeps nothing with which a reader of the database could act as somebody', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const [, token = ''] = /session_token=([^.%]+)/.exec(person.cookie) ?? [];
    expect(token.length).toBeGreaterThan(20);
    const { rows } = await edge.databases['eu-west-1'].query(
      'select sessions.* from sessions join users on users.id = user_id where email = $1',
      [person.email],
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(token);
    const [{ token_sha256: kept }] = z.tuple([z.object({ token_sha256: z.string() })]).parse(rows);
    const answer = await ask(edge.url, '/v1/me', { headers: bearer(`soma_ses_euw1_${kept}`) });
    expect(answer.status).toBe(401);
  });

  test('refuses a wrong password and an unknown address in the same words', async () => {
    const { email } = await Person.signUp(edge.url, 'us-west-2');
    const [wrong, unknown] = await Promise.all([signIn(email, 'wrong horse battery'), signIn(newEmail(), PASSWORD)]);
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(refusalOf(wrong)).toBe('unauthenticated');
    expect(z.object({ detail: z.string() }).parse(wrong.body)).toEqual(
      z.object({ detail: z.string() }).parse(unknown.body),
    );
  });

  test('stops after ten attempts for one address', async () => {
    const email = newEmail();
    const statuses = [];
    for (let attempt = 0; attempt < 11; attempt += 1) statuses.push((await signIn(email, 'a wild guess')).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  test('ends with signing out', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const out = await person.ask('/v1/auth/sign-out', { method: 'POST' });
    expect([out.status, out.headers.getSetCookie()[0]]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await person.ask('/v1/me')).status).toBe(401);
  });
});

describe('a session cookie', () => {
  test.each([
    ['another site', 'https://evil.example'],
    ['no site', ''],
  ])('writes nothing for %s', async (_who, origin) => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const answer = await person.ask('/v1/tenants', { json: { name: 'Theirs', handle: 'theirs' }, headers: { origin } });
    expect([answer.status, refusalOf(answer)]).toEqual([403, 'forbidden']);
    expect((await person.ask('/v1/tenants')).body).toEqual({ items: [] });
  });

  test('counts only with the signature it was given with', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const forged = person.cookie.replace(/=(.)/, (_all, first: string) => `=${first === 'A' ? 'B' : 'A'}`);
    expect((await ask(edge.url, '/v1/me', { headers: { cookie: forged } })).status).toBe(401);
  });
});

describe('the device flow', () => {
  test('gives the CLI a session once a person has approved it', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const { device_code, user_code } = await startDevice({ email: person.email });
    const decision = await person.ask('/v1/auth/device/decision', { json: { user_code, approve: true } });
    expect(decision.status).toBe(204);

    const session = DeviceSession.parse((await pollDevice(device_code)).body);
    expect(session.access_token).toMatch(/^soma_ses_euw1_/);
    const me = await ask(edge.url, '/v1/me', { headers: bearer(session.access_token) });
    expect(me.body).toMatchObject({ account: { email: person.email } });
    expect(me.headers.get('soma-served-because')).toBe('credential');

    const again = await pollDevice(device_code);
    expect([again.status, again.body]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
  });

  test('says RFC 8628 words while it waits, and slows down who asks too often', async () => {
    const { device_code, interval } = await startDevice({ region: 'us-west-2' });
    expect(interval).toBe(5);
    expect((await pollDevice(device_code)).body).toMatchObject({ error: 'authorization_pending' });
    expect((await pollDevice(device_code)).body).toMatchObject({ error: 'slow_down' });
  });

  test('ends where the person says no', async () => {
    const person = await Person.signUp(edge.url, 'us-west-2');
    const { device_code, user_code } = await startDevice({ region: 'us-west-2' });
    await person.ask('/v1/auth/device/decision', { json: { user_code, approve: false } });
    expect((await pollDevice(device_code)).body).toMatchObject({ error: 'access_denied' });
  });

  test('begins ten times for one address, and a hundred times from one place', async () => {
    const begin = async (json: object, headers = {}) =>
      (await ask(edge.url, '/v1/auth/device', { json: { client_id: 'soma-cli', ...json }, headers })).status;
    const email = newEmail();
    const forAddress = [];
    for (let attempt = 0; attempt < 11; attempt += 1) forAddress.push(await begin({ email }));
    expect(forAddress).toEqual([...Array.from({ length: 10 }, () => 200), 429]);

    const from = { 'cf-connecting-ip': '192.0.2.7' };
    const fromPlace: number[] = [];
    const beginSome = (some: number) =>
      Promise.all(Array.from({ length: some }, () => begin({ region: 'eu-west-1' }, from)));
    for (const some of [25, 25, 25, 25, 1]) fromPlace.push(...(await beginSome(some)));
    expect(fromPlace).toEqual([...Array.from({ length: 100 }, () => 200), 429]);
    expect(await begin({ region: 'eu-west-1' }, { 'cf-connecting-ip': '192.0.2.8' })).toBe(200);
  });

  test('takes no code that was made up, and no client but the CLI', async () => {
    const person = await Person.signUp(edge.url, 'us-west-2');
    const made = await person.ask('/v1/auth/device/decision', { json: { user_code: 'ABCDEFGH', approve: true } });
    expect([made.status, refusalOf(made)]).toEqual([400, 'invalid_input']);
    const other = await ask(edge.url, '/v1/auth/device', { json: { client_id: 'evil', region: 'us-west-2' } });
    expect([other.status, refusalOf(other)]).toEqual([400, 'invalid_input']);
    const made2 = await pollDevice(`soma_dev_usw2_${'x'.repeat(43)}`);
    expect([made2.status, made2.body]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
  });
});
