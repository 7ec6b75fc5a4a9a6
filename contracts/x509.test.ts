import {
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { generateKeyPair, importPrivateKey } from './ecdsa.ts';
import { workloadOf } from './spiffe.ts';
import { type Authority, createAuthority, issueCertificate, type Validity } from './x509-authority.ts';
import { authoritiesFor, certificatesOf, readSvidLeaf, UntrustedCertificate, verifySvid } from './x509.ts';

const notAfterMs = Date.now() + 3_600_000;
const ID = 'spiffe://one.test/cell/eu-west-1';

test('in a bundle of two trust domains, each authority speaks for its own only', async () => {
  const one = await createAuthority('one.test', { notAfterMs });
  const two = await createAuthority('two.test', { notAfterMs });
  const trustBundlePem = one.certificatePem + two.certificatePem;
  const honest = await issueCertificate(one, { uris: [ID], notAfterMs });
  const forged = await issueCertificate(two, { uris: [ID], notAfterMs });
  const at = { trustBundlePem, atMs: Date.now() };

  expect(await verifySvid({ ...at, chain: certificatesOf(honest.certificatePem) })).toMatchObject({ spiffeId: ID });
  await expect(verifySvid({ ...at, chain: certificatesOf(forged.certificatePem) })).rejects.toThrow(
    UntrustedCertificate,
  );
  expect(authoritiesFor(trustBundlePem, 'two.test')).toEqual(certificatesOf(two.certificatePem));
});

test('a chain that was proven once is believed as long as all of it is valid, under the bundle that vouches for it', async () => {
  const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
  const root = await createAuthority('one.test', { notAfterMs: nowMs + 60_000 });
  const stranger = await createAuthority('one.test', { notAfterMs });
  const { certificatePem } = await issueCertificate(root, { uris: [ID], notAfterMs: nowMs + 120_000 });
  const chain = certificatesOf(certificatePem);
  const at = (atMs: number, { certificatePem: trustBundlePem } = root) => verifySvid({ chain, trustBundlePem, atMs });

  const proven = await at(nowMs);
  expect(await at(nowMs + 60_000)).toBe(proven);
  await expect(at(nowMs + 61_000)).rejects.toThrow(UntrustedCertificate);
  await expect(at(nowMs - 86_400_000)).rejects.toThrow(UntrustedCertificate);
  await expect(at(nowMs, stranger)).rejects.toThrow(UntrustedCertificate);
  expect(await at(nowMs)).toBe(proven);
});

test('an authority that was renewed under its key speaks for what it signed before and after, whichever of both the bundle names first', async () => {
  const hoursAgoMs = (hours: number) => Date.now() - hours * 3_600_000;
  const old = await createAuthority('one.test', { notBeforeMs: hoursAgoMs(4), notAfterMs: hoursAgoMs(1) });
  const renewed = await renew(old, { notBeforeMs: hoursAgoMs(2), notAfterMs });
  const { certificatePem } = await issueCertificate(old, { uris: [ID], notBeforeMs: hoursAgoMs(4), notAfterMs });
  const chain = certificatesOf(certificatePem);
  for (const bundle of [
    [old, renewed],
    [renewed, old],
  ]) {
    const trustBundlePem = bundle.map((authority) => authority.certificatePem).join('');
    const at = (atMs: number) => verifySvid({ chain, trustBundlePem, atMs });
    expect(await at(hoursAgoMs(3))).toMatchObject({ spiffeId: ID });
    expect(await at(hoursAgoMs(0))).toMatchObject({ spiffeId: ID });
    await expect(at(hoursAgoMs(5))).rejects.toThrow('a certificate is valid from');
  }
});

/** The same name and key with other dates. */
async function renew(
  { certificatePem, privateKeyPem }: Authority,
  { notBeforeMs, notAfterMs: untilMs }: Required<Validity>,
) {
  const { key, publicKey } = await importPrivateKey(privateKeyPem);
  const { subject, extensions } = new X509Certificate(certificatePem);
  const keys = { privateKey: key, publicKey: publicKey.key };
  const dates = { notBefore: new Date(notBeforeMs), notAfter: new Date(untilMs) };
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: subject,
    keys,
    extensions,
    signingAlgorithm,
    ...dates,
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem };
}

test('a chain longer than five certificates is refused unread', async () => {
  const root = await createAuthority('one.test', { notAfterMs });
  const { certificatePem } = await issueCertificate(root, { uris: [ID], notAfterMs });
  const chain = Array.from({ length: 6 }, () => certificatesOf(certificatePem)).flat();
  await expect(verifySvid({ chain, trustBundlePem: root.certificatePem, atMs: Date.now() })).rejects.toThrow('1 to 5');
  await expect(verifySvid({ chain: [], trustBundlePem: root.certificatePem, atMs: Date.now() })).rejects.toThrow(
    '1 to 5',
  );
});

test('a critical extension that is not understood is refused, and so is one that appears twice', async () => {
  const { key, publicKey } = await importPrivateKey((await generateKeyPair()).privateKeyPem);
  const withExtensions = (...extensions: Extension[]) =>
    X509CertificateGenerator.createSelfSigned({
      name: 'CN=x',
      keys: { privateKey: key, publicKey: publicKey.key },
      extensions,
    });
  const critical = await withExtensions(new Extension('1.2.3.4', true, Uint8Array.of(5, 0).buffer));
  const twice = await withExtensions(...[1, 2].map(() => new Extension('1.2.3.4', false, Uint8Array.of(5, 0).buffer)));
  expect(() => readSvidLeaf(new Uint8Array(critical.rawData))).toThrow('1.2.3.4 is not understood');
  expect(() => readSvidLeaf(new Uint8Array(twice.rawData))).toThrow('twice');
});

test('a certificate with changed bytes says nothing else, or is refused by a typed error', async () => {
  const root = await createAuthority('one.test', { notAfterMs });
  const [honest = new Uint8Array()] = certificatesOf(
    (await issueCertificate(root, { uris: [ID], notAfterMs })).certificatePem,
  );
  const verify = (der: Uint8Array) =>
    verifySvid({ chain: [der], trustBundlePem: root.certificatePem, atMs: Date.now() });
  const { publicKey, ...leaf } = await verify(honest);
  const said = { ...leaf, publicKey: { pem: publicKey.pem } };
  const change = fc.record({ at: fc.nat(honest.length - 1), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const der = Uint8Array.from(honest);
      for (const { at, byte } of changes) der[at] = byte;
      const verified: unknown = await verify(der).catch((error: unknown) => error);
      // The signature's own encoding is not signed: some of its bits may change without changing what is said.
      expect(verified instanceof UntrustedCertificate ? said : verified).toMatchObject(said);
    }),
    { numRuns: 500 },
  );
});

test('an Ed25519 certificate is not believed', async () => {
  const root = await createAuthority('one.test', { notAfterMs });
  const keys = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new TypeError('Ed25519 keys come in pairs');
  const name = new X509Certificate(root.certificatePem).subject;
  const forged = await X509CertificateGenerator.create({
    subject: 'CN=x',
    issuer: name,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: { name: 'Ed25519' },
    extensions: [
      new SubjectAlternativeNameExtension([{ type: 'url', value: ID }]),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature),
    ],
  });
  const chain = [new Uint8Array(forged.rawData)];
  await expect(verifySvid({ chain, trustBundlePem: root.certificatePem, atMs: Date.now() })).rejects.toThrow(
    UntrustedCertificate,
  );
});

test('noise is no certificate', () => {
  expect(() => readSvidLeaf(new Uint8Array(100))).toThrow(UntrustedCertificate);
  expect(() => certificatesOf('')).toThrow(UntrustedCertificate);
});

test('an issued certificate is read by OpenSSL as it was meant', async () => {
  const { X509Certificate: OpensslCertificate } = await import('node:crypto');
  const root = await createAuthority('one.test', { notAfterMs });
  const { certificatePem } = await issueCertificate(root, {
    uris: [ID],
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    notAfterMs,
  });
  const theirs = new OpensslCertificate(certificatePem);
  expect(theirs.subjectAltName).toBe(`URI:${ID}, DNS:localhost, IP Address:127.0.0.1`);
  expect(theirs.checkIssued(new OpensslCertificate(root.certificatePem))).toBe(true);
  expect(new X509Certificate(certificatePem).notAfter.getTime()).toBe(Math.floor(notAfterMs / 1_000) * 1_000);
});

test.each([
  ['spiffe://one.test/cell/eu-west-1', 'cell'],
  ['spiffe://one.test/cell/eu-west-1/runner/r-1', 'runner'],
  ['spiffe://one.test/cell/mars', undefined],
  ['spiffe://one.test/cell/eu-west-1/', undefined],
  ['spiffe://one.test/cell/eu-west-1/runner', undefined],
  ['spiffe://one.test/cell/eu-west-1/runner/', undefined],
  ['spiffe://one.test/cell/eu-west-1/runner/..', undefined],
  ['spiffe://one.test/cell/eu-west-1/runner/a/b', undefined],
  ['spiffe://ONE.test/cell/eu-west-1', undefined],
  ['spiffe://one.test:1/cell/eu-west-1', undefined],
  ['https://one.test/cell/eu-west-1', undefined],
  ['', undefined],
])('%j names the workload %s', (spiffeId, kind) => {
  expect(workloadOf(spiffeId)?.kind).toBe(kind);
});
