import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Installation } from '#contracts/api/installations';
import { InstallationSecrets } from '#contracts/api/secrets';
import { importDataKeys, openText } from '#contracts/sealed-text';
import { MAX_SECRET_BYTES, MAX_SECRETS, MAX_SECRETS_BYTES } from '#contracts/secret';
import type { EdgeView } from '#support/edge-view';
import { Person, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';

let edge: EdgeView;
let acme: Publisher;
beforeAll(async () => {
  edge = await sharedEdge();
  acme = await Publisher.create(edge.url, 'eu-west-1');
});
afterAll(async () => {
  await edge.close();
});

const VALUE = 'correct horse battery staple';
let worlds = 0;

/** A tenant that has installed a capsule which needs API_TOKEN and may take OPTIONAL. */
async function newWorld() {
  worlds += 1;
  const slug = `secretive-${worlds}`;
  const capsule = `${acme.handle}/${slug}`;
  const secrets = [{ name: 'API_TOKEN' }, { name: 'OPTIONAL', required: false }];
  const published = await acme.publish({ name: capsule, secrets }, {}, slug);
  if (published.status !== 201) throw new Error(JSON.stringify(published.body));
  const tenant = await Person.signUp(edge.url, 'eu-west-1');
  await tenant.createTenant();
  const json = { capsule, approved: ['secret:API_TOKEN', 'secret:OPTIONAL'] };
  const { id } = Installation.parse((await tenant.ask('/v1/installations', { json })).body);
  const path = `/v1/installations/${id}/secrets`;
  return {
    tenant,
    id,
    path,
    set: (name: string, value: unknown) => tenant.ask(`${path}/${name}`, { method: 'PUT', json: { value } }),
    remove: (name: string) => tenant.ask(`${path}/${name}`, { method: 'DELETE' }),
    names: async () => InstallationSecrets.parse((await tenant.ask(path)).body).items.map(({ name }) => name),
    run: () => tenant.ask('/v1/runs', { json: { capsule, input: { word: 'hi' } } }),
  };
}

async function storedText(sql: string, values: unknown[]): Promise<string> {
  const { rows } = await edge.databases['eu-west-1'].query(sql, values);
  return JSON.stringify(rows);
}

describe('a secret of an installation', () => {
  test('is set, listed by name, replaced and removed, and its value is told to nobody', async () => {
    const { tenant, id, path, set, remove, names } = await newWorld();
    const answer = await set('API_TOKEN', VALUE);
    expect([answer.status, answer.body]).toEqual([
      200,
      { name: 'API_TOKEN', setAt: expect.any(String), setBy: { type: 'user', id: expect.any(String) } },
    ]);
    await set('OPTIONAL', 'another');
    await set('API_TOKEN', `${VALUE} 2`);
    expect(await names()).toEqual(['API_TOKEN', 'OPTIONAL']);
    expect(JSON.stringify([(await tenant.ask(path)).body, (await tenant.ask('/v1/installations')).body])).not.toContain(
      VALUE,
    );

    expect((await remove('OPTIONAL')).status).toBe(204);
    expect(refusalOf(await remove('OPTIONAL'))).toBe('not_found');
    expect(await names()).toEqual(['API_TOKEN']);

    const entries = await storedText(
      `select record ->> 'action' as action, record ->> 'outcome' as outcome, record -> 'unmapped' as details
       from audit_entries where tenant_id = $1 and record ->> 'target' = $2 and record ->> 'action' like 'secret.%' order by id`,
      [tenant.tenantId, id],
    );
    expect(JSON.parse(entries)).toEqual([
      { action: 'secret.set', outcome: 'success', details: { name: 'API_TOKEN' } },
      { action: 'secret.set', outcome: 'success', details: { name: 'OPTIONAL' } },
      { action: 'secret.set', outcome: 'success', details: { name: 'API_TOKEN' } },
      { action: 'secret.remove', outcome: 'success', details: { name: 'OPTIONAL' } },
    ]);
    const everything = await storedText('select record from audit_entries where tenant_id = $1', [tenant.tenantId]);
    expect(everything).not.toContain(VALUE);
  });

  test('lies in the database sealed, for this tenant, installation and name, and is gone with the installation', async () => {
    const { tenant, id, set } = await newWorld();
    await set('API_TOKEN', VALUE);
    const read = () => storedText('select sealed from installation_secrets where installation_id = $1', [id]);
    const [{ sealed }] = JSON.parse(await read());
    expect(sealed).not.toContain(VALUE);
    const keys = await importDataKeys(edge.dataKeys['eu-west-1']);
    expect(await openText(keys, `${tenant.tenantId}|${id}|API_TOKEN`, sealed)).toBe(VALUE);
    await expect(openText(keys, `${tenant.tenantId}|${id}|OPTIONAL`, sealed)).rejects.toThrow('another context');

    await tenant.ask(`/v1/installations/${id}`, { method: 'DELETE' });
    expect(await read()).toBe('[]');
    expect(refusalOf(await set('API_TOKEN', VALUE))).toBe('not_found');
  });

  test('belongs to its tenant, and takes a permission', async () => {
    const { tenant, path, set } = await newWorld();
    await set('API_TOKEN', VALUE);
    const { tenant: stranger } = await newWorld();
    for (const [method, at, body] of [
      ['GET', path, undefined],
      ['PUT', `${path}/API_TOKEN`, { value: VALUE }],
      ['DELETE', `${path}/API_TOKEN`, undefined],
    ] as const) {
      const answer = await stranger.ask(at, body ? { method, json: body } : { method });
      expect([method, answer.status, refusalOf(answer)]).toEqual([method, 404, 'not_found']);
    }
    const { key } = await tenant.createApiKey(['installations:read', 'installations:write']);
    const ask = (method: string, at: string, json?: unknown) =>
      fetch(`${edge.url}${at}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    expect((await ask('GET', path)).status).toBe(200);
    expect((await ask('PUT', `${path}/API_TOKEN`, { value: VALUE })).status).toBe(403);
    expect((await ask('DELETE', `${path}/API_TOKEN`)).status).toBe(403);
  });

  test.each([
    ['nothing', '', 'API_TOKEN'],
    ['too little to be masked', 'vwxyz', 'API_TOKEN'],
    ['too few bytes', 'é'.repeat(2), 'API_TOKEN'],
    ['too much', 'x'.repeat(MAX_SECRET_BYTES + 1), 'API_TOKEN'],
    ['half a character', '\ud800', 'API_TOKEN'],
    ['a number', 5, 'API_TOKEN'],
    ['null', null, 'API_TOKEN'],
    ['a value for a name in small letters', VALUE, 'api_token'],
    ['a value for a path', VALUE, '..%2fX'],
    ['a value for a name that is too long', VALUE, 'A'.repeat(65)],
  ])('%s is a typed refusal that does not repeat it, and nothing is kept', async (_, value, name) => {
    const { set, names } = await newWorld();
    const answer = await set(name, value);
    expect([400, 404]).toContain(answer.status);
    expect(JSON.stringify(answer.body)).not.toMatch(/xxxxxxxx|vwxyz|correct horse/);
    expect(await names()).toEqual([]);
  });

  test('can be any text: many lines, quotes, whatever there is', async () => {
    const { id, tenant, set } = await newWorld();
    const keys = await importDataKeys(edge.dataKeys['eu-west-1']);
    for (const value of [
      '-----BEGIN KEY-----\nabc\n-----END KEY-----\n',
      '"\\\u0000\r\n\t',
      '💩'.repeat(100),
      ' '.repeat(6),
    ]) {
      expect((await set('API_TOKEN', value)).status).toBe(200);
      const [{ sealed }] = JSON.parse(
        await storedText('select sealed from installation_secrets where installation_id = $1', [id]),
      );
      expect(await openText(keys, `${tenant.tenantId}|${id}|API_TOKEN`, sealed)).toBe(value);
    }
  });

  test('is one of a bounded number, also where many are set at once', async () => {
    const { set, names } = await newWorld();
    const answers = await Promise.all(
      Array.from({ length: MAX_SECRETS + 4 }, (_, index) => set(`NAME_${index}`, VALUE)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(MAX_SECRETS);
    expect(await names()).toHaveLength(MAX_SECRETS);
  });

  test('is one of a bounded size together', async () => {
    const { set, names } = await newWorld();
    const half = 'x'.repeat(MAX_SECRETS_BYTES / 2);
    expect([(await set('A', half)).status, (await set('B', half)).status]).toEqual([200, 200]);
    expect(refusalOf(await set('C', VALUE))).toBe('conflict');
    expect((await set('B', VALUE)).status).toBe(200);
    expect((await set('C', VALUE)).status).toBe(200);
    expect(await names()).toEqual(['A', 'B', 'C']);
  });
});

test('a run that needs a secret is refused until it is set, and again once it is removed', async () => {
  const { set, remove, run } = await newWorld();
  const missing = await run();
  expect([missing.status, refusalOf(missing)]).toEqual([409, 'conflict']);
  expect(missing.body).toMatchObject({
    capsule: expect.stringContaining('/secretive-'),
    missingSecrets: ['API_TOKEN'],
  });
  await set('API_TOKEN', VALUE);
  expect((await run()).status).toBe(201);
  await remove('API_TOKEN');
  expect(refusalOf(await run())).toBe('conflict');
});
