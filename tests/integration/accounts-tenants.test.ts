import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { MOST_MEMBERS } from '#cell/services/accounts/auth';
import { Member } from '#contracts/api/tenants';
import type { Cell } from '#contracts/cells';
import type { EdgeView } from '#support/edge-view';
import { newEmail, newHandle, Person, refusalOf } from '#support/people';
import { sharedEdge } from '#support/shared-edge';

let edge: EdgeView;
beforeAll(async () => {
  edge = await sharedEdge();
});
afterAll(async () => {
  await edge.close();
});

const owner = (region?: Cell) => Person.withTenant(edge.url, region);

async function membersOf(person: Person): Promise<Member[]> {
  return z.object({ items: z.array(Member) }).parse((await person.ask('/v1/members')).body).items;
}

describe('a tenant', () => {
  test('lives in the region of who made it, with them as its owner', async () => {
    const { person, tenant } = await owner('us-west-2');
    expect(tenant).toMatchObject({ cell: 'us-west-2', zone: 'us', residency: 'pinned', role: 'owner' });
    expect((await person.ask('/v1/tenants')).body).toEqual({ items: [tenant] });
  });

  test('is made once: asking again returns it, another one of that handle is refused everywhere', async () => {
    const { person, tenant } = await owner();
    const json = { name: tenant.name, handle: tenant.handle };
    expect((await person.ask('/v1/tenants', { json })).body).toEqual(tenant);
    expect((await person.ask('/v1/tenants', { json: { ...json, residency: 'replicated' } })).status).toBe(409);

    for (const region of ['eu-west-1', 'us-west-2'] as const) {
      const rival = await Person.signUp(edge.url, region);
      const answer = await rival.ask('/v1/tenants', { json });
      expect([answer.status, refusalOf(answer)]).toEqual([409, 'conflict']);
    }
  });

  test('is made once, also where it is asked for several times at once', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const json = { name: 'Analytical Engines', handle: newHandle() };
    const answers = await Promise.all(Array.from({ length: 12 }, () => person.ask('/v1/tenants', { json })));
    const made = await person.ask('/v1/tenants');
    for (const { status, body } of answers) expect([status, { items: [body] }]).toEqual([201, made.body]);
  });

  test('takes no handle that would pass for the platform', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const answer = await person.ask('/v1/tenants', { json: { name: 'Support', handle: 'support' } });
    expect(refusalOf(answer)).toBe('conflict');
  });

  test('does not exist for who does not belong to it', async () => {
    const { tenant } = await owner();
    const stranger = await owner();
    stranger.person.tenantId = tenant.id;
    for (const path of ['/v1/members', '/v1/api-keys', '/v1/audit']) {
      const answer = await stranger.person.ask(path);
      expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
    }
  });

  test('must be named by who belongs to several', async () => {
    const { person } = await owner();
    await person.createTenant();
    person.tenantId = undefined;
    const answer = await person.ask('/v1/members');
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'invalid_input']);
  });
});

describe('members', () => {
  test('are added by address, given another role, and removed', async () => {
    const { person } = await owner();
    const friend = await Person.signUp(edge.url, 'eu-west-1');
    const added = await person.ask('/v1/members', { json: { email: friend.email, role: 'viewer' } });
    expect(added.status).toBe(201);
    const { id } = Member.parse(added.body);
    expect((await person.ask('/v1/members', { json: { email: friend.email, role: 'viewer' } })).body).toEqual(
      added.body,
    );

    friend.tenantId = person.tenantId;
    const refused = await friend.ask('/v1/api-keys', { json: { name: 'mine', scopes: ['runs:read'] } });
    expect([refused.status, refusalOf(refused)]).toEqual([403, 'forbidden']);

    await person.ask(`/v1/members/${id}`, { method: 'PATCH', json: { role: 'auditor' } });
    expect((await friend.ask('/v1/audit')).status).toBe(200);
    expect((await person.ask(`/v1/members/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await friend.ask('/v1/audit')).status).toBe(404);
  });

  test('are people who have an account: who is told of no account is told what to do', async () => {
    const { person } = await owner();
    const answer = await person.ask('/v1/members', { json: { email: newEmail(), role: 'viewer' } });
    expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
    expect(answer.body).toMatchObject({ detail: expect.stringContaining('must be signed up there first') });
  });

  test('can leave by themselves, but the last owner cannot', async () => {
    const { person } = await owner();
    const friend = await Person.signUp(edge.url, 'eu-west-1');
    await person.ask('/v1/members', { json: { email: friend.email, role: 'viewer' } });
    friend.tenantId = person.tenantId;
    const [mine, theirs] = await membersOf(person);
    const last = await person.ask(`/v1/members/${mine?.id}`, { method: 'DELETE' });
    expect([last.status, refusalOf(last)]).toEqual([409, 'conflict']);
    const demoted = await person.ask(`/v1/members/${mine?.id}`, { method: 'PATCH', json: { role: 'viewer' } });
    expect(demoted.status).toBe(409);
    expect((await friend.ask(`/v1/members/${theirs?.id}`, { method: 'DELETE' })).status).toBe(204);
  });

  test('who may not remove others is refused at once, and holds up nobody', async () => {
    const { person } = await owner();
    const friend = await Person.signUp(edge.url, 'eu-west-1');
    await person.ask('/v1/members', { json: { email: friend.email, role: 'viewer' } });
    friend.tenantId = person.tenantId;
    const [mine] = await membersOf(person);
    const client = await edge.databases['eu-west-1'].connect();
    try {
      await client.query('begin');
      await client.query('select from tenants where id = $1 for update', [person.tenantId]);
      const answer = await friend.ask(`/v1/members/${mine?.id}`, { method: 'DELETE' });
      expect([answer.status, refusalOf(answer)]).toEqual([403, 'forbidden']);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  test('never end up without an owner, even where two owners remove each other at once', async () => {
    const { person } = await owner();
    const second = await Person.signUp(edge.url, 'eu-west-1');
    await person.ask('/v1/members', { json: { email: second.email, role: 'owner' } });
    second.tenantId = person.tenantId;
    const [one, two] = await membersOf(person);
    const answers = await Promise.all([
      person.ask(`/v1/members/${two?.id}`, { method: 'DELETE' }),
      second.ask(`/v1/members/${one?.id}`, { method: 'DELETE' }),
    ]);
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const { rows } = await edge.databases['eu-west-1'].query(
      "select count(*)::int as owners from members where tenant_id = $1 and role = 'owner'",
      [person.tenantId],
    );
    expect(rows).toEqual([{ owners: 1 }]);
  });

  test('are added once, also where it is asked for several times at once', async () => {
    const { person } = await owner();
    const friend = await Person.signUp(edge.url, 'eu-west-1');
    const json = { email: friend.email, role: 'viewer' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => person.ask('/v1/members', { json })));
    const [, added] = await membersOf(person);
    for (const { status, body } of answers) expect([status, body]).toEqual([201, added]);
  });

  test('are as many as a tenant may have, and no more', async () => {
    const { person } = await owner();
    const friend = await Person.signUp(edge.url, 'eu-west-1');
    await edge.databases['eu-west-1'].query(
      `with made as (
         insert into users (id, name, email)
         select 'usr_' || md5($1 || n), 'Grace', md5($1 || n) || '@example.com' from generate_series(2, $2::int) as n
         returning id
       )
       insert into members (id, tenant_id, user_id, role) select 'mem_' || md5(id), $1, id, 'viewer' from made`,
      [person.tenantId, MOST_MEMBERS],
    );
    const answer = await person.ask('/v1/members', { json: { email: friend.email, role: 'viewer' } });
    expect([answer.status, refusalOf(answer)]).toEqual([409, 'conflict']);
  });

  test('of another tenant cannot be touched: there is no such member', async () => {
    const { person } = await owner();
    const [theirs] = await membersOf((await owner()).person);
    for (const asking of [{ method: 'DELETE' }, { method: 'PATCH', json: { role: 'viewer' } }]) {
      const answer = await person.ask(`/v1/members/${theirs?.id}`, asking);
      expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
    }
  });
});
