import { eq } from 'drizzle-orm';

import type { Member } from '#contracts/api/tenants';
import { members } from '#db/postgres/schema/index';

import { requirePermission, type VerbWithoutInput } from '../../context.ts';
import { selectMembers } from './view.ts';

export async function listMembers({ ctx }: VerbWithoutInput): Promise<Member[]> {
  requirePermission(ctx, 'members:read');
  return selectMembers(ctx.db, eq(members.tenantId, ctx.tenant.id));
}
