import type { TenantMembership } from '#contracts/api/tenants';

import { type PersonCtx, requirePerson, type VerbWithoutInput } from '../../context.ts';
import { membershipsOf } from '../accounts/memberships.ts';

/** The caller's tenants, oldest first. */
export async function listTenants({ ctx }: VerbWithoutInput<PersonCtx>): Promise<TenantMembership[]> {
  return membershipsOf(ctx.db, requirePerson(ctx).id);
}
