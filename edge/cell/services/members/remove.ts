import { and, eq, sql } from 'drizzle-orm';
import type { z } from 'zod';

import { MemberPath } from '#contracts/api/tenants';
import { members } from '#db/postgres/schema/index';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { holdMember, requireOtherOwner } from './owners.ts';

/** Ends a membership; anyone may end their own. @throws not_found · conflict the last owner cannot leave */
export async function removeMember({ ctx, input }: Verb<{ id: string }>): Promise<void> {
  const { id } = MemberPath.parse(input);
  if (!(await isOwnMembership(ctx, id))) requirePermission(ctx, 'members:write');
  await transact(ctx, async (tx) => {
    const member = await holdMember(tx, ctx, id);
    await requireOtherOwner(tx, member);
    await tx.delete(members).where(eq(members.id, id));
    await recordAudit(tx, ctx, {
      action: 'member.remove',
      target: id,
      details: { userId: member.userId, role: member.role },
    });
  });
}

/** Whose a membership is never changes, so that this may be read before anything is held. */
async function isOwnMembership({ actor, db, tenant }: Ctx, id: z.output<typeof MemberPath>['id']): Promise<boolean> {
  if (actor.type !== 'user') return false;
  const isTheirs = and(eq(members.id, id), eq(members.tenantId, tenant.id), eq(sql`${members.userId}`, actor.id));
  return (await db.$count(members, isTheirs)) > 0;
}
