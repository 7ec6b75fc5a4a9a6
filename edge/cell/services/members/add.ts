import { and, eq } from 'drizzle-orm';

import { AddMember, type Member } from '#contracts/api/tenants';
import { Conflict, DomainError, NotFound } from '#contracts/errors';
import { members, users } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { accounts, MOST_MEMBERS } from '../accounts/auth.ts';
import { recordAudit } from '../audit/record.ts';
import { takeTurn } from '../tenants/take-turn.ts';
import { transact } from '../transact.ts';
import { selectMembers } from './view.ts';

/**
 * Gives an account of this region a role in the caller's tenant. Idempotent: the same person with the same role again changes nothing.
 * @throws not_found no such account here · conflict the person has another role already, or there are too many
 */
export async function addMember({ ctx, input }: Verb<AddMember>): Promise<Member> {
  requirePermission(ctx, 'members:write');
  const { email, role } = AddMember.parse(input);
  const [user] = await ctx.db.select({ id: users.id }).from(users).where(eq(users.email, email));
  if (!user) {
    const detail = `nobody has an account with this e-mail address in ${ctx.cell}; it must be signed up there first`;
    throw new DomainError('not_found', detail);
  }
  const isThisPerson = and(eq(members.tenantId, ctx.tenant.id), eq(members.userId, user.id));

  return transact(ctx, async (tx) => {
    await takeTurn(tx, ctx.tenant.id);
    const [existing] = await selectMembers(tx, isThisPerson);
    if (existing?.role === role) return existing;
    if (existing) throw new Conflict(`this person is a member already, as ${existing.role}`);

    if ((await tx.$count(members, eq(members.tenantId, ctx.tenant.id))) >= MOST_MEMBERS)
      throw new Conflict(`a tenant has at most ${MOST_MEMBERS} members; remove one first`);
    await accounts(ctx, tx).api.addMember({ body: { userId: user.id, organizationId: ctx.tenant.id, role } });
    const [member] = await selectMembers(tx, isThisPerson);
    if (!member) throw new NotFound('member');
    await recordAudit(tx, ctx, { action: 'member.add', target: member.id, details: { userId: user.id, role } });
    return member;
  });
}
