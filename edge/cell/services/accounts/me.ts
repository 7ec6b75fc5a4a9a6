import { eq } from 'drizzle-orm';

import type { Me } from '#contracts/api/accounts';
import { NotFound } from '#contracts/errors';
import { tenants } from '#db/postgres/schema/index';

import type { Caller, VerbWithoutInput } from '../../context.ts';
import { membershipsOf, viewTenant } from './memberships.ts';

/** Who the caller is, as the platform sees it. */
export async function me({ ctx: caller }: VerbWithoutInput<Caller>): Promise<Me> {
  if (caller.kind === 'person') {
    const { person, cell, db } = caller.ctx;
    return {
      account: { id: person.id, email: person.email, name: person.name, region: cell },
      tenants: await membershipsOf(db, person.id),
      permissions: [],
    };
  }
  const { ctx } = caller;
  const [tenant] = await ctx.db.select().from(tenants).where(eq(tenants.id, ctx.tenant.id));
  if (!tenant) throw new NotFound('tenant');
  return { account: null, tenants: [viewTenant(tenant, null)], permissions: [...ctx.permissions] };
}
