import { and, eq, isNull } from 'drizzle-orm';

import { NotFound } from '#contracts/errors';
import type { PublisherKeyId } from '#contracts/ids';
import { publisherKeys } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';

/**
 * Revokes a signing key: nothing more is published with it. What it signed before stays published; yank that where it must go.
 * Idempotent. @throws NotFound
 */
export async function revokePublisherKey({ ctx, input }: Verb<{ readonly id: PublisherKeyId }>): Promise<void> {
  requirePermission(ctx, 'publisher-keys:write');
  const own = and(eq(publisherKeys.id, input.id), eq(publisherKeys.tenantId, ctx.tenant.id));

  await transact(ctx, async (tx) => {
    const [revoked] = await tx
      .update(publisherKeys)
      .set({ revokedAt: ctx.now() })
      .where(and(own, isNull(publisherKeys.revokedAt)))
      .returning({ hint: publisherKeys.hint });
    if (revoked) {
      await recordAudit(tx, ctx, { action: 'publisher-key.revoke', target: input.id, details: { hint: revoked.hint } });
      return;
    }
    const [known] = await tx.select({ id: publisherKeys.id }).from(publisherKeys).where(own);
    if (!known) throw new NotFound('publisher key');
  });
}
