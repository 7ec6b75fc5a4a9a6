import { and, eq } from 'drizzle-orm';

import { AddMember, type Member } from '#contracts/api/tenants';
import { Conflict, NotFound } from '#contracts/errors';
import { members, users } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { accounts } from '../accounts/auth.ts';
import { recordAudit } from '../audit/record.ts';
import { isUniqueViolation } from '../postgres-errors.ts';
import { transact } from '../transact.ts';
import { selectMembers } from './view.ts';

/**
 * Gives an account of this region a role in the caller's tenant. Idempotent: the same person with the same role again changes nothing.
 * @throws not_found no such account here · conflict the person has another role already
 */
export async function addMember({ ctx, input }: Verb<AddMember>): Promise<Member> {
  requirePermission(ctx, 'members:write');
  const { email, role } = AddMember.parse(input);
  const [user] = await ctx.db.select({ id: users.id }).from(users).where(eq(users.email, email));
  if (!user) throw new NotFound(`account with this e-mail address in ${ctx.cell}`);
  const isThisPerson = and(eq(members.tenantId, ctx.tenant.id), eq(members.userId, user.id));

  return transact(ctx, async (tx) => {
    const [existing] = await selectMembers(tx, isThisPerson);
    if (existing?.role === role) return existing;
    if (existing) throw new Conflict(`this person is a member already, as ${existing.role}`);

    await accounts(ctx, tx).api.addMember({ body: { userId: user.id, organizationId: ctx.tenant.id, role } });
    const [member] = await selectMembers(tx, isThisPerson);
    if (!member) throw new NotFound('member');
    await recordAudit(tx, ctx, { action: 'member.add', target: member.id, details: { userId: user.id, role } });
    return member;
  }).catch((error: unknown) => {
    if (isUniqueViolation(error)) throw new Conflict('this person was added at the same moment');
    throw error;
  });
}
