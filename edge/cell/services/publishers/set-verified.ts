import { eq } from 'drizzle-orm';

import { PublisherPath, type PublisherVerification, SetPublisherVerified } from '#contracts/api/publishers';
import { CELLS } from '#contracts/cells';
import { NotFound } from '#contracts/errors';
import { newId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { cataloguePublishers, outbox, tenants } from '#db/postgres/schema/index';

import { type Ctx, type OperatorCtx, requireOperator, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { applyVerification } from './apply.ts';
import { PUBLISHER_KIND } from './deliver.ts';

export interface SetVerifiedInput {
  readonly path: PublisherPath;
  readonly change: SetPublisherVerified;
}

/**
 * Says of a publisher of this cell that it is who it claims to be, or takes that back; every cell is told. The entry is in the
 * publisher's own log. Idempotent: setting what is set changes nothing.
 *
 * @throws NotFound no such publisher has its home here
 */
export async function setPublisherVerified({
  ctx,
  input,
}: Verb<SetVerifiedInput, OperatorCtx>): Promise<PublisherVerification> {
  const actor = requireOperator(ctx);
  const { handle } = PublisherPath.parse(input.path);
  const { isVerified } = SetPublisherVerified.parse(input.change);
  const tenant = await publisherOf(ctx, handle);
  const asOperator: Ctx = { ...ctx, actor, tenant, permissions: new Set(), credential: 'none' };

  return transact(asOperator, async (tx) => {
    // The tenant's row orders the decisions about one publisher.
    await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenant.id)).for('update');
    const before = await verificationOf(tx, handle);
    const known = { handle, homeCell: ctx.cell, isVerified, revision: before.revision };
    if (before.isVerified === isVerified && before.revision > 0) return known;

    const verification = { ...known, revision: before.revision + 1 };
    await applyVerification(tx, ctx, verification);
    const others = CELLS.filter((cell) => cell !== ctx.cell);
    await tx
      .insert(outbox)
      .values(
        others.map((destination) => ({ id: newId('out'), kind: PUBLISHER_KIND, destination, payload: verification })),
      );
    await recordAudit(tx, asOperator, {
      action: 'publisher.set-verified',
      target: tenant.id,
      details: { publisher: handle, isVerified },
    });
    return verification;
  });
}

async function publisherOf({ db }: OperatorCtx, handle: string): Promise<Ctx['tenant']> {
  const [tenant] = await db
    .select({ id: tenants.id, handle: tenants.handle })
    .from(tenants)
    .where(eq(tenants.handle, handle));
  if (!tenant) throw new NotFound('publisher in this cell');
  return tenant;
}

async function verificationOf(tx: Transaction, handle: string): Promise<{ isVerified: boolean; revision: number }> {
  const { isVerified, revision } = cataloguePublishers;
  const [row] = await tx
    .select({ isVerified, revision })
    .from(cataloguePublishers)
    .where(eq(cataloguePublishers.handle, handle));
  return row ?? { isVerified: false, revision: 0 };
}
