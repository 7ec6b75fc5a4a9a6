import { z } from 'zod';

import { AddMember, ChangeMember, Member, MemberPath } from '../api/tenants.ts';
import { operation } from '../operation.ts';

const tags = ['Members'];
const one = (description: string) => ({ description, content: { 'application/json': { schema: Member } } });

export const list = operation({
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

export const add = operation({
  method: 'post',
  path: '/v1/members',
  tags,
  summary: 'Give an account of this region a role',
  access: 'tenant',
  audit: 'member.add',
  request: { body: { required: true, content: { 'application/json': { schema: AddMember } } } },
  responses: { 201: one('Added') },
});

export const change = operation({
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

export const remove = operation({
  method: 'delete',
  path: '/v1/members/{id}',
  tags,
  summary: 'End a membership, or leave',
  access: 'tenant',
  audit: 'member.remove',
  request: { params: MemberPath },
  responses: { 204: { description: 'Ended' } },
});
