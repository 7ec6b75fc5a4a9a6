import { and, eq } from 'drizzle-orm';

import { type PublisherKey, RegisterPublisherKey } from '#contracts/api/publisher-keys';
import { importPublicKey, type PublicKey } from '#contracts/ecdsa';
import { Conflict, InvalidInput } from '#contracts/errors';
import { newId } from '#contracts/ids';
import { publisherKeys } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';
import { publisherKeyView } from './view.ts';

/**
 * Registers a public key whose signatures the tenant's capsules will carry.
 * Idempotent by the key itself: registering it again returns what was registered first.
 *
 * @throws InvalidInput not a P-256 public key · Conflict the key was revoked, and a revoked key does not come back
 */
export async function registerPublisherKey({ ctx, input }: Verb<RegisterPublisherKey>): Promise<PublisherKey> {
  requirePermission(ctx, 'publisher-keys:write');
  const { name, publicKeyPem } = RegisterPublisherKey.parse(input);
  const { pem, fingerprint } = await parseKey(publicKeyPem);

  return transact(ctx, async (tx) => {
    const [key] = await tx
      .insert(publisherKeys)
      .values({
        id: newId('pky'),
        tenantId: ctx.tenant.id,
        name,
        hint: fingerprint,
        publicKeyPem: pem,
        createdAt: ctx.now(),
      })
      .onConflictDoNothing({ target: [publisherKeys.tenantId, publisherKeys.hint] })
      .returning();
    if (key) {
      await recordAudit(tx, ctx, {
        action: 'publisher-key.register',
        target: key.id,
        details: { name, hint: fingerprint },
      });
      return publisherKeyView(key);
    }
    const [first] = await tx
      .select()
      .from(publisherKeys)
      .where(and(eq(publisherKeys.tenantId, ctx.tenant.id), eq(publisherKeys.hint, fingerprint)));
    if (!first || first.revokedAt) throw new Conflict('this key was revoked; make a new one');
    return publisherKeyView(first);
  });
}

async function parseKey(pem: string): Promise<PublicKey> {
  try {
    return await importPublicKey(pem);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'expected one ECDSA P-256 public key as SPKI PEM';
    throw new InvalidInput('the public key is not valid', [{ path: '/publicKeyPem', message }]);
  }
}
