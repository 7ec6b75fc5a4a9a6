import { and, eq } from 'drizzle-orm';

import { CreateTenant, type TenantMembership } from '#contracts/api/tenants';
import { zoneOf } from '#contracts/cells';
import { Conflict } from '#contracts/errors';
import { idOf, newId, type TenantId } from '#contracts/ids';
import { members, tenants } from '#db/postgres/schema/index';

import { claimName } from '../../clients/directory.ts';
import { actorOf, type Ctx, type PersonCtx, requirePerson, type Verb } from '../../context.ts';
import { accounts } from '../accounts/auth.ts';
import { viewTenant } from '../accounts/memberships.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';

/** Names that would read as the platform's own. */
const RESERVED = new Set([
  'soma',
  'admin',
  'api',
  'www',
  'system',
  'support',
  'docs',
  'official',
  'internal',
  'security',
]);

/**
 * Makes a tenant in this cell with the caller as its owner. Its handle is claimed in the global directory first.
 *
 * Idempotent by handle: asking again for the same tenant returns it.
 * @throws conflict the handle is taken · unavailable the directory does not answer
 */
export async function createTenant({ ctx, input }: Verb<CreateTenant, PersonCtx>): Promise<TenantMembership> {
  const person = requirePerson(ctx);
  const wanted = CreateTenant.parse(input);
  const { name, handle, residency } = wanted;
  if (RESERVED.has(handle)) throw new Conflict(`the handle ${handle} is reserved`);

  const claim = await claimHandle(ctx, handle);
  if (claim.existing) return sameAs(claim.existing, wanted);

  const tenantCtx: Ctx = {
    ...ctx,
    actor: actorOf(ctx, 'user', person.id),
    tenant: { id: claim.id, handle },
    permissions: new Set(),
    credential: 'session',
  };
  return transact(tenantCtx, async (tx) => {
    const { createdAt } = await accounts(ctx, tx, { tenantId: claim.id }).api.createOrganization({
      body: { name, slug: handle, userId: person.id, cell: ctx.cell, residency },
    });
    await recordAudit(tx, tenantCtx, {
      action: 'tenant.create',
      target: claim.id,
      details: { name, handle, residency },
    });
    return {
      id: claim.id,
      name,
      handle,
      cell: ctx.cell,
      zone: zoneOf(ctx.cell),
      residency,
      createdAt: createdAt.toISOString(),
      role: 'owner' as const,
    };
  }).catch(async (error: unknown) => {
    // Two that took over one claim meet in the database or in better-auth, and each has its own word for it: what is there now tells.
    const first = await findTenant(ctx, claim.id);
    if (!first) throw error;
    return sameAs(first, wanted);
  });
}

/** The tenant that is there, where it is the one that is asked for. @throws conflict */
function sameAs({ tenant, role }: Found, { name, handle, residency }: CreateTenant): TenantMembership {
  if (role === 'owner' && tenant.name === name && tenant.residency === residency) return viewTenant(tenant, role);
  throw new Conflict(`the handle ${handle} is taken`);
}

/** As with e-mail addresses: a claim whose tenant was never written is taken over under the id it was claimed for. */
async function claimHandle(ctx: PersonCtx, handle: string) {
  const planned = newId('ten');
  const claim = await claimName(ctx, { kind: 'handle', key: handle, owner: planned });
  if (claim.kind === 'claimed') return { id: planned };
  if (claim.cell !== ctx.cell) throw new Conflict(`the handle ${handle} is taken`);
  const id = idOf('ten').parse(claim.owner);
  return { id, existing: await findTenant(ctx, id) };
}

type Found = NonNullable<Awaited<ReturnType<typeof findTenant>>>;

async function findTenant(ctx: PersonCtx, id: TenantId) {
  const [found] = await ctx.db
    .select({ tenant: tenants, role: members.role })
    .from(tenants)
    .leftJoin(members, and(eq(members.tenantId, tenants.id), eq(members.userId, ctx.person.id)))
    .where(eq(tenants.id, id));
  return found;
}
