import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { AuditCheckpoint, AuditEntries, AuditPage } from '#contracts/api/audit';
import { leafHash } from '#contracts/audit';
import { newId } from '#contracts/ids';
import type { EdgeView } from '#support/edge-view';
import { ask, bearer, Person, refusalOf } from '#support/people';
import { sharedEdge } from '#support/shared-edge';
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

async function checkpointOf(person: Person) {
  return AuditCheckpoint.parse((await person.ask('/v1/audit/checkpoint')).body);
}

describe('the audit log', () => {
  test('has an entry for every refusal, of reads too', async () => {
    const { person } = await owner();
    await person.ask(`/v1/api-keys/${newId('key')}`, { method: 'DELETE' });
    await person.ask('/v1/audit?limit=0');
    await person.ask('/v1/members', { body: '{"email":', headers: { 'content-type': 'application/json' } });
    await person.ask('/v1/tokens', { method: 'POST', headers: { origin: 'https://elsewhere.example' } });
    const refused = await auditOf(person, '&outcome=refused');
    expect(refused.map(({ record }) => [record.action, record.reason])).toEqual([
      ['token.create', 'forbidden'],
      ['member.add', 'invalid_input'],
      ['request.read', 'invalid_input'],
      ['api-key.revoke', 'not_found'],
    ]);
  });

  test('has an entry where who belongs to it asks in the name of a tenant that they do not belong to', async () => {
    const [{ person }, other] = await Promise.all([owner(), owner()]);
    for (const named of [other.tenant.id, newId('ten'), 'nonsense']) {
      const json = { name: 'mine', scopes: ['runs:read'] };
      await person.ask('/v1/api-keys', { json, headers: { 'soma-tenant': named } });
    }
    const refused = await auditOf(person, '&outcome=refused');
    expect(refused.map(({ record }) => [record.action, record.reason, record.actor.type])).toEqual([
      ['api-key.create', 'invalid_input', 'user'],
      ['api-key.create', 'not_found', 'user'],
      ['api-key.create', 'not_found', 'user'],
    ]);
    expect(await auditOf(other.person, '&outcome=refused')).toEqual([]);
  });

  test('is chained in the order of writing, and its chain can be read back and recomputed', async () => {
    const { person } = await owner();
    await person.createApiKey(['runs:read']);
    const checkpoint = await until(
      'the relay catching up',
      () => checkpointOf(person),
      ({ pending }) => pending === 0,
    );
    const { items } = AuditEntries.parse((await person.ask('/v1/audit/entries')).body);
    expect(items.map(({ seq }) => seq)).toEqual(items.map((_item, index) => index + 1));
    expect(await Promise.all(items.map(({ record }) => leafHash(record)))).toEqual(items.map((item) => item.leafHash));
    expect(items.map(({ record }) => record.action)).toEqual(['tenant.create', 'api-key.create']);
    expect(checkpoint.note.split('\n')[1]).toBe(String(items.length));
    expect((await auditOf(person)).map(({ state }) => state)).toEqual(['chained', 'chained']);
  });

  test('comes in pages and by what is asked for', async () => {
    const { person } = await owner();
    for (let count = 0; count < 3; count += 1) await person.createApiKey(['runs:read']);
    const first = AuditPage.parse((await person.ask('/v1/audit?limit=2&action=api-key.create')).body);
    const rest = AuditPage.parse(
      (await person.ask(`/v1/audit?limit=2&action=api-key.create&cursor=${first.next}`)).body,
    );
    expect([first.items.length, rest.items.length, rest.next]).toEqual([2, 1, null]);
    expect(refusalOf(await person.ask('/v1/audit?cursor=nonsense'))).toBe('invalid_input');
  });

  test('is not open to a role without that permission', async () => {
    const { person } = await owner();
    const { key } = await person.createApiKey(['runs:read']);
    for (const path of ['/v1/audit', '/v1/audit/checkpoint', '/v1/audit/entries']) {
      expect(refusalOf(await ask(edge.url, path, { headers: bearer(key) }))).toBe('forbidden');
    }
  });
});
