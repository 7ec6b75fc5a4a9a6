import { and, eq } from 'drizzle-orm';

import { ManifestDocument, type CapsulePath } from '#contracts/api/capsules';
import { MANIFEST_PATH, unpackBundle } from '#contracts/bundle';
import { readManifest } from '#contracts/capsule-json';
import { type Digest, digestOf } from '#contracts/digest';
import { DomainError, type Violation } from '#contracts/errors';
import type { PublisherKeyId } from '#contracts/ids';
import { isStorable, Json, type JsonValue } from '#contracts/json';
import type { Manifest } from '#contracts/manifest';
import { signerOf, verifySignature } from '#contracts/signature';
import { publisherKeys } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import type { Upload } from './read-upload.ts';
import { assertNoSecrets } from './secret-scan.ts';

/** A release that holds up: everything about it was checked but its place among the others. */
export interface VerifiedRelease {
  readonly version: string;
  readonly digest: Digest;
  readonly document: ManifestDocument;
  readonly signature: JsonValue;
  readonly key: { readonly id: PublisherKeyId; readonly publicKeyPem: string };
}

/**
 * @throws DomainError `invalid_bundle` · `invalid_manifest` · `signature_invalid` · `digest_mismatch`, each saying what would be right
 */
export async function verifyRelease(ctx: Ctx, path: CapsulePath, upload: Upload): Promise<VerifiedRelease> {
  const files = unpackBundle(upload.bundle);
  const manifest = readManifest(files);
  assertNamed(path, manifest);
  assertNoSecrets(files);

  const signature = parseSignature(upload.signature);
  const key = await signingKey(ctx, signerOf(signature));
  await verifySignature({ bundle: upload.bundle, sigstore: signature, publicKeyPem: key.publicKeyPem });
  return {
    version: manifest.version,
    digest: await digestOf(upload.bundle),
    document: documentOf(files),
    signature,
    key,
  };
}

function assertNamed({ publisher, slug }: CapsulePath, { name }: Manifest): void {
  const expected = `${publisher}/${slug}`;
  if (name === expected) return;
  throw invalidManifest([{ path: '/name', message: `expected ${expected}, as in the address, and not ${name}` }]);
}

/** The manifest as its author wrote it; `readManifest` has checked it by now. */
function documentOf(files: ReadonlyMap<string, Uint8Array>): ManifestDocument {
  const document = ManifestDocument.parse(JSON.parse(new TextDecoder().decode(files.get(MANIFEST_PATH))));
  if (isStorable(document)) return document;
  throw invalidManifest([
    { path: '', message: 'it holds U+0000 or half a surrogate pair; expected plain Unicode text' },
  ]);
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

async function signingKey({ db, tenant }: Ctx, hint: string): Promise<VerifiedRelease['key']> {
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

function invalidManifest(violations: readonly Violation[]): DomainError {
  const detail = violations.map(({ path, message }) => `capsule.json${path}: ${message}`).join('; ');
  return new DomainError('invalid_manifest', detail, { violations });
}
