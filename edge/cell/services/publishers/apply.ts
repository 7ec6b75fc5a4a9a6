import { eq, sql } from 'drizzle-orm';

import { PublisherVerification } from '#contracts/api/publishers';
import type { Cell } from '#contracts/cells';
import { DomainError } from '#contracts/errors';
import { type Transaction, transaction } from '#db/postgres/client';
import { catalogueCapsules, cataloguePublishers } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';

export interface FromPeer {
  readonly peer: Cell;
  readonly verification: PublisherVerification;
}

/**
 * Takes over what a peer says about a publisher of its own. The evidence is in the publisher's cell, where it was decided.
 * @throws DomainError `forbidden` the peer is not the home of the publisher
 */
export async function applyPublisherFromPeer({ ctx, input }: Verb<FromPeer, Platform>): Promise<void> {
  const verification = PublisherVerification.parse(input.verification);
  if (verification.homeCell !== input.peer) {
    throw new DomainError('forbidden', `${input.peer} does not speak for ${verification.homeCell}`);
  }
  await transaction(ctx.env.DATABASE_URL, ctx.env.NEON_LOCAL_PROXY, (tx) => applyVerification(tx, ctx, verification));
}

/**
 * Writes what is known of a publisher into this cell's catalogue, in any order and any number of times. The revision of each of its
 * capsules rises with it: what was prepared for a run under the earlier answer no longer holds.
 */
export async function applyVerification(
  tx: Transaction,
  { now }: Platform,
  { handle, homeCell, isVerified, revision }: PublisherVerification,
): Promise<void> {
  const changed = await tx
    .insert(cataloguePublishers)
    .values({ handle, homeCell, isVerified, revision, updatedAt: now() })
    .onConflictDoUpdate({
      target: cataloguePublishers.handle,
      set: { isVerified, revision, updatedAt: now() },
      setWhere: sql`${cataloguePublishers.revision} < ${revision} and ${cataloguePublishers.homeCell} = ${homeCell}`,
    })
    .returning({ handle: cataloguePublishers.handle });
  if (changed.length === 0) return;
  await tx
    .update(catalogueCapsules)
    .set({ revision: sql`${catalogueCapsules.revision} + 1` })
    .where(eq(sql`split_part(${catalogueCapsules.name}, '/', 1)`, handle));
}
