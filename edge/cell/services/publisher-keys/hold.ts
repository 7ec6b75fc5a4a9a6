import { and, eq, isNull } from 'drizzle-orm';

import { DomainError } from '#contracts/errors';
import type { PublisherKeyId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { publisherKeys } from '#db/postgres/schema/index';

/**
 * Holds a key as it is until the transaction ends: whoever revokes it meanwhile waits, and once they are told that it is revoked, nothing more
 * is published with it.
 *
 * @throws DomainError `signature_invalid` it was revoked since the signature was verified
 */
export async function holdPublisherKey(tx: Transaction, id: PublisherKeyId): Promise<void> {
  const held = await tx
    .select({ id: publisherKeys.id })
    .from(publisherKeys)
    .where(and(eq(publisherKeys.id, id), isNull(publisherKeys.revokedAt)))
    .for('share');
  if (held.length === 0) throw new DomainError('signature_invalid', 'the signature is by a key that was revoked');
}
