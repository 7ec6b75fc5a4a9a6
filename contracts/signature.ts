import { z } from 'zod';

import { fromBase64, toBase64 } from './base64.ts';
import { sha256 } from './digest.ts';
import { importPublicKey, sign, type SigningKey, verify } from './ecdsa.ts';
import { DomainError } from './errors.ts';

/**
 * A publisher's signature of a bundle: a Sigstore bundle v0.3 (protobuf-specs, sigstore_bundle.proto) that holds a message
 * signature by a known key. `cosign verify-blob --key KEY --bundle FILE --insecure-ignore-tlog BUNDLE` agrees with it.
 */
export const SIGSTORE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const Base64 = z.string().max(1_000).refine(isBase64, 'expected base64 with padding');

export const SigstoreBundle = z.looseObject({
  mediaType: z.literal(SIGSTORE_MEDIA_TYPE),
  verificationMaterial: z.looseObject({
    publicKey: z.strictObject({ hint: Base64.describe('base64 of the SHA-256 of the key as SPKI DER') }),
  }),
  messageSignature: z.strictObject({
    messageDigest: z.strictObject({ algorithm: z.literal('SHA2_256'), digest: Base64 }),
    signature: Base64.describe('ECDSA P-256 over SHA-256, DER'),
  }),
});
export type SigstoreBundle = z.infer<typeof SigstoreBundle>;

export async function signBundle(key: SigningKey, bundle: Uint8Array): Promise<SigstoreBundle> {
  return {
    mediaType: SIGSTORE_MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: key.publicKey.fingerprint } },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: toBase64(await sha256(bundle)) },
      signature: toBase64(await sign(key, bundle)),
    },
  };
}

export interface SignedBundle {
  readonly bundle: Uint8Array;
  /** The parsed JSON of the signature, as it came. */
  readonly sigstore: unknown;
  /** The publisher's registered key. */
  readonly publicKeyPem: string;
}

/** @throws DomainError `signature_invalid`, or `digest_mismatch` where the signature is of other bytes */
export async function verifySignature({ bundle, sigstore, publicKeyPem }: SignedBundle): Promise<void> {
  const { verificationMaterial, messageSignature } = parseSigstore(sigstore);
  const publicKey = await importPublicKey(publicKeyPem);
  if (verificationMaterial.publicKey.hint !== publicKey.fingerprint) {
    throw new DomainError(
      'signature_invalid',
      `the signature names the key ${verificationMaterial.publicKey.hint}; expected the registered key ${publicKey.fingerprint}`,
    );
  }
  const digest = toBase64(await sha256(bundle));
  if (messageSignature.messageDigest.digest !== digest) {
    throw new DomainError(
      'digest_mismatch',
      `the signature is of the SHA-256 ${messageSignature.messageDigest.digest}; the bundle's is ${digest}`,
    );
  }
  if (!(await verify(publicKey, fromBase64(messageSignature.signature), bundle))) {
    throw new DomainError(
      'signature_invalid',
      'the signature does not fit the bundle and the key; sign this bundle again',
    );
  }
}

/** The fingerprint of the key that a signature claims to be by: how the registered key is looked up. */
export function signerOf(sigstore: unknown): string {
  return parseSigstore(sigstore).verificationMaterial.publicKey.hint;
}

function parseSigstore(sigstore: unknown): SigstoreBundle {
  const parsed = SigstoreBundle.safeParse(sigstore);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DomainError(
    'signature_invalid',
    `not a Sigstore bundle v0.3 of a message signature: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

function isBase64(text: string): boolean {
  try {
    fromBase64(text);
    return true;
  } catch {
    return false;
  }
}
