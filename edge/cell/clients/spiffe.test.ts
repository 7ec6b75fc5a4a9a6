import { beforeAll, describe, expect, test } from 'vitest';

import { toBase64 } from '#contracts/base64';
import { certificatesOf } from '#contracts/x509';
import { type Authority, type CertificateRequest, createAuthority, issueCertificate } from '#contracts/x509-authority';

import { verifyClientSvid } from './spiffe.ts';

const RUNNER = 'spiffe://soma.test/cell/eu-west-1/runner/r-1';
const notAfterMs = Date.now() + 3_600_000;

let root: Authority;
beforeAll(async () => {
  root = await createAuthority('soma.test', { notAfterMs });
});

const sequence = (pem: string) =>
  certificatesOf(pem)
    .map((der) => `:${toBase64(der)}:`)
    .join(', ');

async function clientAuth(request: Partial<CertificateRequest> = {}, by = root) {
  const { certificatePem } = await issueCertificate(by, { uris: [RUNNER], notAfterMs, ...request });
  return { certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0', certRFC9440: sequence(certificatePem) };
}

const verify = (auth: unknown, now = new Date()) => verifyClientSvid(auth, root.certificatePem, 'soma.test', now);

describe('a client certificate', () => {
  test('names its workload', async () => {
    expect(await verify(await clientAuth())).toBe(RUNNER);
  });

  test('names it through intermediates too', async () => {
    const above = await issueCertificate(root, { uris: [], isAuthority: true, notAfterMs });
    const auth = { ...(await clientAuth({}, above)), certChainRFC9440: sequence(above.certificatePem) };
    expect(await verify({ ...auth, certChainRFC9440TooLarge: false })).toBe(RUNNER);
    expect(await verify({ ...auth, certChainRFC9440: '', certChainRFC9440TooLarge: true })).toBeUndefined();
  });

  test('is nobody before and after its time', async () => {
    const auth = await clientAuth({ notBeforeMs: Date.now() - 60_000 });
    expect(await verify(auth, new Date(notAfterMs + 1_000))).toBeUndefined();
    expect(await verify(auth, new Date(Date.now() - 120_000))).toBeUndefined();
  });

  test('is nobody where it was not verified, was revoked, or is not there', async () => {
    const auth = await clientAuth();
    const doubtful = [
      undefined,
      null,
      {},
      { ...auth, certPresented: '0' },
      { ...auth, certVerified: 'NONE' },
      { ...auth, certVerified: 'FAILED:unable to get local issuer certificate' },
      { ...auth, certRevoked: '1' },
      { ...auth, certRFC9440: '' },
      { ...auth, certRFC9440: '::' },
      { ...auth, certRFC9440: auth.certRFC9440.slice(1) },
      { ...auth, certRFC9440: ':AAAA:' },
      { ...auth, certChainRFC9440: 'x' },
    ];
    for (const each of doubtful) expect(await verify(each)).toBeUndefined();
  });

  test('is nobody where another authority signed it, in whatever name', async () => {
    const theirs = await createAuthority('other.test', { notAfterMs });
    const ours = await createAuthority('soma.test', { notAfterMs });
    expect(await verify(await clientAuth({}, theirs))).toBeUndefined();
    expect(await verify(await clientAuth({}, ours))).toBeUndefined();
    const foreign = await clientAuth({ uris: ['spiffe://other.test/cell/eu-west-1/runner/r-1'] }, theirs);
    const bundle = root.certificatePem + theirs.certificatePem;
    expect(await verifyClientSvid(foreign, bundle, 'soma.test', new Date())).toBeUndefined();
  });
});
