import { and, eq } from 'drizzle-orm';

import { type Digest, digestOf } from '#contracts/digest';
import { DomainError } from '#contracts/errors';
import type { PublisherKeyId } from '#contracts/ids';
import { isStorable, Json, type JsonValue } from '#contracts/json';
import { signerOf, verifySignature } from '#contracts/signature';
import { publisherKeys } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import type { Upload } from './read-upload.ts';

/** Bytes that one of the tenant's own keys has signed. */
export interface VerifiedUpload {
  readonly digest: Digest;
  readonly signature: JsonValue;
  readonly key: { readonly id: PublisherKeyId; readonly publicKeyPem: string };
}

/** @throws DomainError `signature_invalid` · `digest_mismatch`, each saying what would be right */
export async function verifyUpload(ctx: Ctx, upload: Upload): Promise<VerifiedUpload> {
  const signature = parseSignature(upload.signature);
  const key = await signingKey(ctx, signerOf(signature));
  await verifySignature({ bundle: upload.bundle, sigstore: signature, publicKeyPem: key.publicKeyPem });
  return { digest: await digestOf(upload.bundle), signature, key };
}

function parseSignature(text: string): JsonValue {
  try {
    const signature = Json.parse(JSON.parse(text));
    if (isStorable(signature)) return signature;
  } catch {
    // Told below, with everything else that is no signature.
  }
  throw new DomainError('signature_invalid', 'the signature is not JSON; expected a Sigstore bundle v0.3');
}

async function signingKey({ db, tenant }: Ctx, hint: string): Promise<VerifiedUpload['key']> {
  const { id, publicKeyPem, revokedAt } = publisherKeys;
  const [key] = await db
    .select({ id, publicKeyPem, revokedAt })
    .from(publisherKeys)
    .where(and(eq(publisherKeys.tenantId, tenant.id), eq(publisherKeys.hint, hint)));
  if (!key) {
    throw new DomainError(
      'signature_invalid',
      `the signature is by the key ${hint}, which ${tenant.handle} has not registered`,
    );
  }
  if (key.revokedAt) {
    throw new DomainError(
      'signature_invalid',
      `the signature is by the key ${hint}, which was revoked ${key.revokedAt.toISOString()}`,
    );
  }
  return key;
}
