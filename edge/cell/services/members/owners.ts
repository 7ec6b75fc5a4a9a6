import { and, eq } from 'drizzle-orm';
import type { z } from 'zod';

import { Conflict, NotFound } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { members, tenants } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';

const MemberId = idOf('mem');

/**
 * Finds a member of the caller's tenant and holds the tenant's row until the transaction ends: changes to who belongs to a tenant happen one
 * after another, so that two owners who remove each other leave one.
 */
export async function holdMember(tx: Transaction, ctx: Ctx, id: z.infer<typeof MemberId>) {
  await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, ctx.tenant.id)).for('update');
  const [member] = await tx
    .select()
    .from(members)
    .where(and(eq(members.tenantId, ctx.tenant.id), eq(members.id, id)));
  if (!member) throw new NotFound('member');
  return member;
}

/** @throws conflict it would leave the tenant without an owner */
export async function requireOtherOwner(tx: Transaction, member: typeof members.$inferSelect): Promise<void> {
  if (member.role !== 'owner') return;
  const owners = await tx.$count(members, and(eq(members.tenantId, member.tenantId), eq(members.role, 'owner')));
  if (owners < 2) throw new Conflict('a tenant keeps at least one owner; make someone else an owner first');
}
