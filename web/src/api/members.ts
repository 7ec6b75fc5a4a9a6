import { queryOptions } from '@tanstack/react-query';

import type { AddMember, Member } from '#contracts/api/tenants';
import type { TenantId } from '#contracts/ids';
import * as membersApi from '#contracts/operations/members';
import type { Role } from '#contracts/permissions';

import { call } from './client.ts';
import { tenantKey } from './tenants.ts';

export function memberList(tenant: TenantId) {
  return queryOptions({
    queryKey: [...tenantKey(tenant), 'members'],
    queryFn: async ({ signal }) => (await call(membersApi.list, {}, { tenant, signal })).items,
  });
}

export function addMember(tenant: TenantId, body: AddMember): Promise<Member> {
  return call(membersApi.add, { body }, { tenant });
}

export function changeMember(tenant: TenantId, id: Member['id'], role: Role): Promise<Member> {
  return call(membersApi.change, { params: { id }, body: { role } }, { tenant });
}

export async function removeMember(tenant: TenantId, id: Member['id']): Promise<void> {
  await call(membersApi.remove, { params: { id } }, { tenant });
}
