import { toBase64 } from './base64.ts';
import { fromHex, sha256 } from './digest.ts';
import { fromPem, toPem } from './pem.ts';

/**
 * ECDSA on P-256 with SHA-256 (FIPS 186-5 §6), the one signature algorithm of the house. Signatures travel as DER
 * `Ecdsa-Sig-Value` (RFC 3279 §2.2.3), as openssl and cosign write them; WebCrypto's own form is r ‖ s (IEEE P1363).
 */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** RFC 5480: an SPKI of `id-ecPublicKey` on `secp256r1`, up to the `04` that opens an uncompressed point. */
const SPKI_PREFIX = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');
const SPKI_BYTES = 91;
const SCALAR_BYTES = 32;

export interface PublicKey {
  readonly key: CryptoKey;
  /** In the one spelling that is stored and compared. */
  readonly pem: string;
  /** base64(SHA-256(SPKI DER)): what a Sigstore bundle calls `hint`, and this house a key's fingerprint. */
  readonly fingerprint: string;
}

export interface SigningKey {
  readonly key: CryptoKey;
  readonly publicKey: PublicKey;
}

export interface KeyPairPem {
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
}

export async function generateKeyPair(): Promise<KeyPairPem> {
  const pair = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new TypeError('ECDSA keys come in pairs');
  return {
    privateKeyPem: toPem('PRIVATE KEY', await exportDer('pkcs8', pair.privateKey)),
    publicKeyPem: toPem('PUBLIC KEY', await exportDer('spki', pair.publicKey)),
  };
}

/** @throws RangeError where the text is not exactly one P-256 public key as SPKI PEM */
export async function importPublicKey(pem: string): Promise<PublicKey> {
  const [spki, ...others] = fromPem('PUBLIC KEY', pem);
  const isP256 = spki?.length === SPKI_BYTES && SPKI_PREFIX.every((byte, index) => byte === spki[index]);
  if (!spki || others.length > 0 || !isP256) {
    throw new RangeError('expected one ECDSA P-256 public key as SPKI PEM, as openssl ec -pubout writes it');
  }
  const key = await crypto.subtle.importKey('spki', spki, KEY, true, ['verify']).catch(() => {
    throw new RangeError('the public key is not a point of P-256');
  });
  return { key, pem: toPem('PUBLIC KEY', spki), fingerprint: toBase64(await sha256(spki)) };
}

/** @throws RangeError where the text is not exactly one P-256 private key as PKCS #8 PEM */
export async function importPrivateKey(pem: string): Promise<SigningKey> {
  const wrong = 'expected one ECDSA P-256 private key as PKCS #8 PEM, as openssl genpkey writes it';
  const [pkcs8, ...others] = fromPem('PRIVATE KEY', pem);
  if (!pkcs8 || others.length > 0) throw new RangeError(wrong);
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, KEY, true, ['sign']).catch(() => {
    throw new RangeError(wrong);
  });
  const jwk = await crypto.subtle.exportKey('jwk', key);
  if (jwk instanceof ArrayBuffer) throw new TypeError('a JWK is no bytes');
  const { kty, crv = '', x = '', y = '' } = jwk;
  const publicKey = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, KEY, true, ['verify']);
  return { key, publicKey: await importPublicKey(toPem('PUBLIC KEY', await exportDer('spki', publicKey))) };
}

/** The DER signature of `bytes`. */
export async function sign(signer: SigningKey, bytes: Uint8Array): Promise<Uint8Array> {
  return derOf(new Uint8Array(await crypto.subtle.sign(SIGNATURE, signer.key, bytes)));
}

/** False also where the signature is not strict DER. */
export async function verify(publicKey: PublicKey, signature: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  const scalars = scalarsOf(signature);
  return scalars !== undefined && crypto.subtle.verify(SIGNATURE, publicKey.key, scalars, bytes);
}

async function exportDer(format: 'spki' | 'pkcs8', key: CryptoKey): Promise<Uint8Array> {
  const der = await crypto.subtle.exportKey(format, key);
  if (!(der instanceof ArrayBuffer)) throw new TypeError(`${format} is bytes`);
  return new Uint8Array(der);
}

/** r ‖ s as SEQUENCE { INTEGER r, INTEGER s }. */
export function derOf(scalars: Uint8Array): Uint8Array {
  const body = [...integerOf(scalars.subarray(0, SCALAR_BYTES)), ...integerOf(scalars.subarray(SCALAR_BYTES))];
  return Uint8Array.of(0x30, body.length, ...body);
}

function integerOf(scalar: Uint8Array): number[] {
  const start = scalar.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Uint8Array.of(0) : scalar.subarray(start);
  const zero = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return [0x02, digits.length + zero.length, ...zero, ...digits];
}

/** The inverse of `derOf`; undefined for every other spelling. */
export function scalarsOf(der: Uint8Array): Uint8Array | undefined {
  const first = integerAt(der, 2);
  const second = first && integerAt(der, first.end);
  if (!second) return undefined;
  const scalars = new Uint8Array(2 * SCALAR_BYTES);
  scalars.set(first.digits, SCALAR_BYTES - first.digits.length);
  scalars.set(second.digits, 2 * SCALAR_BYTES - second.digits.length);
  const canonical = derOf(scalars);
  return canonical.length === der.length && canonical.every((byte, index) => byte === der[index]) ? scalars : undefined;
}

function integerAt(der: Uint8Array, offset: number): { digits: Uint8Array; end: number } | undefined {
  const end = offset + 2 + (der[offset + 1] ?? 0);
  const content = der.subarray(offset + 2, end);
  const digits = content[0] === 0 ? content.subarray(1) : content;
  return digits.length <= SCALAR_BYTES ? { digits, end } : undefined;
}
