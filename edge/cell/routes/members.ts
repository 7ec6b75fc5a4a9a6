import { z } from '@hono/zod-openapi';

import { AddMember, ChangeMember, Member, MemberPath } from '#contracts/api/tenants';

import { route, router } from '../openapi.ts';
import { addMember } from '../services/members/add.ts';
import { changeMemberRole } from '../services/members/change-role.ts';
import { listMembers } from '../services/members/list.ts';
import { removeMember } from '../services/members/remove.ts';

const tags = ['Members'];
const one = (description: string) => ({ description, content: { 'application/json': { schema: Member } } });

const list = route({
  method: 'get',
  path: '/v1/members',
  tags,
  summary: 'Who belongs to the tenant',
  access: 'tenant',
  audit: 'none: read',
  responses: {
    200: {
      description: 'Oldest first',
      content: { 'application/json': { schema: z.object({ items: z.array(Member) }) } },
    },
  },
});

const add = route({
  method: 'post',
  path: '/v1/members',
  tags,
  summary: 'Give an account of this region a role',
  access: 'tenant',
  audit: 'member.add',
  request: { body: { required: true, content: { 'application/json': { schema: AddMember } } } },
  responses: { 201: one('Added') },
});

const change = route({
  method: 'patch',
  path: '/v1/members/{id}',
  tags,
  summary: "Change a member's role",
  access: 'tenant',
  audit: 'member.change_role',
  request: {
    params: MemberPath,
    body: { required: true, content: { 'application/json': { schema: ChangeMember } } },
  },
  responses: { 200: one('Changed') },
});

const remove = route({
  method: 'delete',
  path: '/v1/members/{id}',
  tags,
  summary: 'End a membership, or leave',
  access: 'tenant',
  audit: 'member.remove',
  request: { params: MemberPath },
  responses: { 204: { description: 'Ended' } },
});

export const members = router()
  .openapi(list, async (c) => c.json({ items: await listMembers(c.var.ctx) }, 200))
  .openapi(add, async (c) => c.json(await addMember({ ctx: c.var.ctx, input: c.req.valid('json') }), 201))
  .openapi(change, async (c) => {
    const input = { ...c.req.valid('param'), ...c.req.valid('json') };
    return c.json(await changeMemberRole({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(remove, async (c) => {
    await removeMember({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
