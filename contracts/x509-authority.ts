import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

import { toHex } from './digest.ts';
import { generateKeyPair, importPrivateKey } from './ecdsa.ts';

/** Makes authorities and X.509-SVIDs (SPIFFE X509-SVID §2 to §4) for development and tests; production has SPIRE. */
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** Clocks differ: a certificate is valid a little before it was made. */
const BACKDATE_MS = 60_000;

export interface Authority {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface Validity {
  readonly notBeforeMs?: number;
  readonly notAfterMs: number;
}

export interface CertificateRequest extends Validity {
  readonly uris: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** An intermediate authority instead of a leaf. */
  readonly isAuthority?: boolean;
}

export interface IssuedCertificate {
  /** The leaf alone; an intermediate's own certificate is appended by who holds it. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export async function createAuthority(trustDomain: string, validity: Validity): Promise<Authority> {
  const { privateKeyPem } = await generateKeyPair();
  const { key, publicKey } = await importPrivateKey(privateKeyPem);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...datesOf(validity),
    serialNumber: newSerial(),
    // The serial tells two authorities of one trust domain apart where names are compared.
    name: `O=${trustDomain}, CN=${trustDomain} ${newSerial().slice(0, 8)}`,
    signingAlgorithm: SIGNATURE,
    keys: { privateKey: key, publicKey: publicKey.key },
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(publicKey.key),
      new SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
    ],
  });
  return { certificatePem: pemOf(certificate), privateKeyPem };
}

export async function issueCertificate(authority: Authority, request: CertificateRequest): Promise<IssuedCertificate> {
  const issuer = new X509Certificate(authority.certificatePem);
  const { key: signingKey } = await importPrivateKey(authority.privateKeyPem);
  const { privateKeyPem } = await generateKeyPair();
  const { publicKey } = await importPrivateKey(privateKeyPem);
  const usages = request.isAuthority
    ? [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ]
    : [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ];
  const certificate = await X509CertificateGenerator.create({
    ...datesOf(request),
    serialNumber: newSerial(),
    subject: request.isAuthority ? `O=soma, CN=${newSerial().slice(0, 8)}` : 'O=soma',
    issuer: issuer.subject,
    signingKey,
    publicKey: publicKey.key,
    signingAlgorithm: SIGNATURE,
    extensions: [
      ...usages,
      await AuthorityKeyIdentifierExtension.create(issuer),
      await SubjectKeyIdentifierExtension.create(publicKey.key),
      new SubjectAlternativeNameExtension([
        ...request.uris.map((value) => ({ type: 'url' as const, value })),
        ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
        ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  });
  return { certificatePem: pemOf(certificate), privateKeyPem };
}

function datesOf({ notBeforeMs = Date.now() - BACKDATE_MS, notAfterMs }: Validity) {
  return { notBefore: new Date(notBeforeMs), notAfter: new Date(notAfterMs) };
}

/** RFC 5280 §4.1.2.2: positive, unpredictable, at most 20 octets. */
function newSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return toHex(bytes);
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
