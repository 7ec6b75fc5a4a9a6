import { eq } from 'drizzle-orm';

import { ChangeMember, type Member, MemberPath } from '#contracts/api/tenants';
import { NotFound } from '#contracts/errors';
import { members } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { holdMember, requireOtherOwner } from './owners.ts';
import { selectMembers } from './view.ts';

const Input = MemberPath.extend(ChangeMember.shape);

/** @throws not_found · conflict the last owner stays an owner */
export async function changeMemberRole({
  ctx,
  input,
}: Verb<{ id: string; role: ChangeMember['role'] }>): Promise<Member> {
  requirePermission(ctx, 'members:write');
  const { id, role } = Input.parse(input);
  return transact(ctx, async (tx) => {
    const member = await holdMember(tx, ctx, id);
    if (member.role !== role) {
      await requireOtherOwner(tx, member);
      await tx.update(members).set({ role }).where(eq(members.id, id));
      await recordAudit(tx, ctx, {
        action: 'member.change_role',
        target: id,
        details: { userId: member.userId, from: member.role, to: role },
      });
    }
    const [changed] = await selectMembers(tx, eq(members.id, id));
    if (!changed) throw new NotFound('member');
    return changed;
  });
}
