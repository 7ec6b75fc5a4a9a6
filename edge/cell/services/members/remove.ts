import { eq } from 'drizzle-orm';

import { MemberPath } from '#contracts/api/tenants';
import { members } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { holdMember, requireOtherOwner } from './owners.ts';

/** Ends a membership; anyone may end their own. @throws not_found · conflict the last owner cannot leave */
export async function removeMember({ ctx, input }: Verb<{ id: string }>): Promise<void> {
  const { id } = MemberPath.parse(input);
  await transact(ctx, async (tx) => {
    const member = await holdMember(tx, ctx, id);
    if (ctx.actor.type !== 'user' || ctx.actor.id !== member.userId) requirePermission(ctx, 'members:write');
    await requireOtherOwner(tx, member);
    await tx.delete(members).where(eq(members.id, id));
    await recordAudit(tx, ctx, {
      action: 'member.remove',
      target: id,
      details: { userId: member.userId, role: member.role },
    });
  });
}
