import { afterEach, beforeEach, expect, test } from 'vitest';

import { newId } from '#contracts/ids';

import { CliWorld } from './cli-world.ts';

const AT = '2026-11-23T00:00:00.000Z';
const MEMBER = {
  id: newId('mem'),
  userId: newId('usr'),
  email: 'ada@acme.com',
  name: 'Ada',
  role: 'viewer',
  createdAt: AT,
};

let world: CliWorld;
beforeEach(async () => {
  world = await CliWorld.start((request, body) => {
    if (request.startsWith('GET')) return { status: 200, body: { items: [MEMBER] } };
    if (request.startsWith('DELETE')) return { status: 204 };
    const member = { ...MEMBER, ...(typeof body === 'object' && body) };
    return { status: request.startsWith('POST') ? 201 : 200, body: member };
  });
});
afterEach(() => world.close());

test('members are listed, added, given another role and removed, by their address', async () => {
  expect((await world.soma('members list')).stdout).toMatch(/ada@acme\.com +Ada +viewer/);
  await world.soma('members add bo@acme.com --role developer');
  expect((await world.soma('members set Ada@acme.com --role auditor')).stdout).toBe('ada@acme.com is auditor now.\n');
  await world.soma(`members remove ${MEMBER.id}`);
  expect(world.changes).toEqual([
    ['POST /v1/members', { email: 'bo@acme.com', role: 'developer' }],
    [`PATCH /v1/members/${MEMBER.id}`, { role: 'auditor' }],
    [`DELETE /v1/members/${MEMBER.id}`, undefined],
  ]);
});

test('nobody is changed who is no member, and no role is made up', async () => {
  expect(await world.soma('members remove eve@acme.com')).toMatchObject({ code: 1 });
  expect(await world.soma('members set ada@acme.com --role king')).toMatchObject({ code: 2 });
  expect(world.changes).toEqual([]);
});
