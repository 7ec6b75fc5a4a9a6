import { buildCommand, buildRouteMap } from '@stricli/core';

import type { RoleFlags } from '../actions/members.ts';
import type { Context, JsonFlag } from '../context.ts';
import { ROLE_NAMES } from './choices.ts';
import { json, one } from './flags.ts';

const member = one('member', 'An e-mail address or mem_…');
const role = { kind: 'enum', values: ROLE_NAMES, brief: 'What the member may do' } as const;

export const members = buildRouteMap({
  docs: { brief: 'Who belongs to the tenant, and what each may do' },
  routes: {
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'The members and their roles' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/members.ts')).list,
    }),
    add: buildCommand<RoleFlags, [string], Context>({
      docs: { brief: 'Give an account of this region a role' },
      parameters: { positional: one('e-mail', 'Of the account'), flags: { json, role } },
      loader: async () => (await import('../actions/members.ts')).add,
    }),
    set: buildCommand<RoleFlags, [string], Context>({
      docs: { brief: 'Give a member another role' },
      parameters: { positional: member, flags: { json, role } },
      loader: async () => (await import('../actions/members.ts')).set,
    }),
    remove: buildCommand<object, [string], Context>({
      docs: { brief: 'End a membership, or leave' },
      parameters: { positional: member },
      loader: async () => (await import('../actions/members.ts')).remove,
    }),
  },
});
