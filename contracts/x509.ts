import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from '@peculiar/x509';

import { toBase64 } from './base64.ts';
import { BoundedMap } from './bounded-map.ts';
import { importPublicKey, type PublicKey } from './ecdsa.ts';
import { fromPem, toPem } from './pem.ts';
import { parseSpiffeId } from './spiffe.ts';

/**
 * X.509-SVIDs: SPIFFE X509-SVID §4 and §5 on top of path validation after RFC 5280 §6.1, for chains that consist of
 * a leaf, at most a few intermediates, and an authority of the trust bundle. What is not understood is refused.
 */
const MAX_CHAIN = 5;
const PROOFS_REMEMBERED = 256;
const UNDERSTOOD = new Set([
  '2.5.29.15', // key usage
  '2.5.29.17', // subject alternative name
  '2.5.29.19', // basic constraints
  '2.5.29.37', // extended key usage
]);
const STRONG_HASHES = new Set(['SHA-256', 'SHA-384', 'SHA-512']);

/** Why a certificate is not believed. */
export class UntrustedCertificate extends Error {
  override readonly name = 'UntrustedCertificate';
}

export interface SvidLeaf {
  readonly spiffeId: string;
  readonly trustDomain: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface VerifiedSvid extends SvidLeaf {
  readonly publicKey: PublicKey;
}

export interface SvidChain {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly trustBundlePem: string;
  /** The time at which every certificate must have been valid. */
  readonly atMs: number;
}

/**
 * @throws UntrustedCertificate unless the chain leads from a sound leaf to an authority of the bundle, all valid at `atMs`
 */
export async function verifySvid({ chain, trustBundlePem, atMs }: SvidChain): Promise<VerifiedSvid> {
  if (chain.length > MAX_CHAIN) throw new UntrustedCertificate(`expected 1 to ${MAX_CHAIN} certificates`);
  const key = [trustBundlePem, ...chain.map(toBase64)].join('\n');
  const known = proven.get(key);
  if (known && atMs >= known.fromMs && atMs <= known.untilMs) return known.svid;
  const found = await prove({ chain, trustBundlePem, atMs });
  proven.set(key, found);
  return found.svid;
}

/** What was proven once holds for as long as every certificate on the way to the authority does. */
interface Proof extends Validity {
  readonly svid: VerifiedSvid;
}
const proven = new BoundedMap<string, Proof>(PROOFS_REMEMBERED);

async function prove({ chain, trustBundlePem, atMs }: SvidChain): Promise<Proof> {
  try {
    const [leaf, ...intermediates] = chain.map(parseCertificate);
    if (!leaf) throw new UntrustedCertificate(`expected 1 to ${MAX_CHAIN} certificates`);
    const svid = leafOf(leaf);
    const authorities = authoritiesOf(trustBundlePem, svid.trustDomain);
    const validity = await verifyPath({ leaf, intermediates, authorities, atMs });
    return { ...validity, svid: { ...svid, publicKey: await p256KeyOf(leaf) } };
  } catch (error) {
    throw asUntrusted(error);
  }
}

/**
 * What a leaf claims, where it is a sound X.509-SVID; says nothing about who signed it.
 * @throws UntrustedCertificate
 */
export function readSvidLeaf(der: Uint8Array): SvidLeaf {
  try {
    return leafOf(parseCertificate(der));
  } catch (error) {
    throw asUntrusted(error);
  }
}

/**
 * The certificates of a bundle that may speak for a trust domain, as DER: an authority that names itself by a SPIFFE ID
 * speaks for that trust domain only (SPIFFE X509-SVID §4.2).
 * @throws UntrustedCertificate where the bundle holds something else than authorities, or none for this trust domain
 */
export function authoritiesFor(trustBundlePem: string, trustDomain: string): Uint8Array[] {
  try {
    return authoritiesOf(trustBundlePem, trustDomain).map(({ rawData }) => new Uint8Array(rawData));
  } catch (error) {
    throw asUntrusted(error);
  }
}

/** The certificates of a PEM file, DER, in its order. */
export function certificatesOf(pem: string): Uint8Array[] {
  try {
    return fromPem('CERTIFICATE', pem);
  } catch (error) {
    throw new UntrustedCertificate('not PEM of certificates', { cause: error });
  }
}

/** The parser reads lazily, and throws what it likes wherever a malformed part is first looked at. */
function asUntrusted(error: unknown): UntrustedCertificate {
  return error instanceof UntrustedCertificate
    ? error
    : new UntrustedCertificate('not a sound certificate', { cause: error });
}

function parseCertificate(der: Uint8Array): X509Certificate {
  const certificate = new X509Certificate(Uint8Array.from(der).buffer);
  const types = certificate.extensions.map(({ type }) => type);
  if (new Set(types).size !== types.length) throw new UntrustedCertificate('an extension appears twice');
  const strange = certificate.extensions.find(({ critical, type }) => critical && !UNDERSTOOD.has(type));
  if (strange) throw new UntrustedCertificate(`the critical extension ${strange.type} is not understood`);
  return certificate;
}

function leafOf(certificate: X509Certificate): SvidLeaf {
  const [uri, ...others] = urisOf(certificate);
  if (uri === undefined || others.length > 0) {
    throw new UntrustedCertificate(
      `expected exactly one URI SAN, found ${others.length + (uri === undefined ? 0 : 1)}`,
    );
  }
  const id = parseSpiffeId(uri);
  if (!id || id.path === '')
    throw new UntrustedCertificate(`${JSON.stringify(uri)} is not the SPIFFE ID of a workload`);
  if (extensionOf(certificate, BasicConstraintsExtension)?.ca)
    throw new UntrustedCertificate('the leaf is an authority');
  const usages = extensionOf(certificate, KeyUsagesExtension)?.usages ?? 0;
  if (!(usages & KeyUsageFlags.digitalSignature)) throw new UntrustedCertificate('the leaf may not sign');
  if (usages & (KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)) {
    throw new UntrustedCertificate('the leaf may sign certificates');
  }
  assertExtendedUsage(certificate);
  return {
    spiffeId: uri,
    trustDomain: id.trustDomain,
    notBeforeMs: certificate.notBefore.getTime(),
    notAfterMs: certificate.notAfter.getTime(),
  };
}

/** Where the extension is there, it must allow both ends of mTLS (SPIFFE X509-SVID §4.4). */
function assertExtendedUsage(certificate: X509Certificate): void {
  const extension = extensionOf(certificate, ExtendedKeyUsageExtension);
  const needed: readonly string[] = [ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth];
  if (extension && !needed.every((usage) => extension.usages.includes(usage))) {
    throw new UntrustedCertificate('the leaf is not for both client and server authentication');
  }
}

function authoritiesOf(trustBundlePem: string, trustDomain: string): X509Certificate[] {
  const authorities = certificatesOf(trustBundlePem)
    .map(parseCertificate)
    .filter((certificate) => {
      assertAuthority(certificate, 0);
      const ids = urisOf(certificate).map(parseSpiffeId);
      return ids.length === 0 || (ids.length === 1 && ids[0]?.trustDomain === trustDomain);
    });
  if (authorities.length === 0) throw new UntrustedCertificate(`the trust bundle has no authority for ${trustDomain}`);
  return authorities;
}

interface Path {
  readonly leaf: X509Certificate;
  readonly intermediates: readonly X509Certificate[];
  readonly authorities: readonly X509Certificate[];
  readonly atMs: number;
}

/** When all certificates of a path are valid. */
interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Each certificate is signed by the next, the last by an authority; order is the sender's duty (SPIFFE X509-SVID §5). Returns when the path it
 * found holds.
 */
async function verifyPath({ leaf, intermediates, authorities, atMs }: Path): Promise<Validity> {
  let subject = leaf;
  let validity = validityAt(leaf, atMs);
  for (const [below, issuer] of intermediates.entries()) {
    if (authorities.some((authority) => isSame(authority, issuer))) break;
    assertAuthority(issuer, below);
    validity = both(validity, validityAt(issuer, atMs));
    if (!(await isSignedBy(subject, issuer))) throw new UntrustedCertificate('the chain is broken');
    subject = issuer;
  }
  const below = subject === leaf ? 0 : intermediates.indexOf(subject) + 1;
  let refusal = new UntrustedCertificate('the chain does not end in an authority of the trust bundle');
  for (const authority of authorities) {
    if (!(await isSignedBy(subject, authority))) continue;
    try {
      assertAuthority(authority, below);
      return both(validity, validityAt(authority, atMs));
    } catch (error) {
      // One that was renewed under its key is there twice, and each speaks for its own time.
      refusal = asUntrusted(error);
    }
  }
  throw refusal;
}

/** `below` counts the intermediates between this authority and the leaf. */
function assertAuthority(certificate: X509Certificate, below: number): void {
  const constraints = extensionOf(certificate, BasicConstraintsExtension);
  const usages = extensionOf(certificate, KeyUsagesExtension)?.usages ?? 0;
  if (!constraints?.ca || !(usages & KeyUsageFlags.keyCertSign)) {
    throw new UntrustedCertificate(`${certificate.subject || 'a certificate'} is not an authority`);
  }
  if (constraints.pathLength !== undefined && constraints.pathLength < below) {
    throw new UntrustedCertificate('the chain is longer than an authority allows');
  }
}

function validityAt({ notBefore, notAfter }: X509Certificate, atMs: number): Validity {
  const validity = { fromMs: notBefore.getTime(), untilMs: notAfter.getTime() };
  if (atMs >= validity.fromMs && atMs <= validity.untilMs) return validity;
  throw new UntrustedCertificate(
    `a certificate is valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}, not at ${new Date(atMs).toISOString()}`,
  );
}

function both(a: Validity, b: Validity): Validity {
  return { fromMs: Math.max(a.fromMs, b.fromMs), untilMs: Math.min(a.untilMs, b.untilMs) };
}

async function isSignedBy(subject: X509Certificate, issuer: X509Certificate): Promise<boolean> {
  try {
    if (subject.issuer !== issuer.subject || !STRONG_HASHES.has(subject.signatureAlgorithm.hash.name)) return false;
    return await subject.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  } catch {
    // An algorithm that is not known, or a key of another kind than the signature needs: not signed by it.
    return false;
  }
}

async function p256KeyOf(certificate: X509Certificate): Promise<PublicKey> {
  try {
    return await importPublicKey(toPem('PUBLIC KEY', new Uint8Array(certificate.publicKey.rawData)));
  } catch (error) {
    throw new UntrustedCertificate('the leaf has no ECDSA P-256 key', { cause: error });
  }
}

function urisOf(certificate: X509Certificate): string[] {
  const names = extensionOf(certificate, SubjectAlternativeNameExtension)?.names.items ?? [];
  return names.filter(({ type }) => type === 'url').map(({ value }) => value);
}

function extensionOf<T extends Extension>(
  certificate: X509Certificate,
  type: new (raw: BufferSource) => T,
): T | undefined {
  return certificate.getExtension(type) ?? undefined;
}

function isSame(a: X509Certificate, b: X509Certificate): boolean {
  const [left, right] = [new Uint8Array(a.rawData), new Uint8Array(b.rawData)];
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
