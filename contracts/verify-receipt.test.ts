import { CompactSign, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';

import { toBase64 } from './base64.ts';
import { Digest } from './digest.ts';
import { importPrivateKey } from './ecdsa.ts';
import { cellSpiffeId, runnerSpiffeId } from './identity.ts';
import { newId } from './ids.ts';
import { RECEIPT_TYPE, type ReceiptClaims } from './receipt.ts';
import { NO_USAGE } from './run.ts';
import { signReceipt, verifyReceipt } from './verify-receipt.ts';
import { type Authority, type CertificateRequest, createAuthority, issueCertificate } from './x509-authority.ts';
import { certificatesOf } from './x509.ts';

const NOW_S = Math.floor(Date.now() / 1_000);
const IN_AN_HOUR = Date.now() + 3_600_000;
const RUNNER = runnerSpiffeId('soma.test', 'eu-west-1', 'runner-1');

const claims: ReceiptClaims = {
  iss: RUNNER,
  iat: NOW_S,
  runId: newId('run'),
  tenantId: newId('ten'),
  installationId: newId('ins'),
  capsule: 'acme/hello',
  version: '1.0.0',
  digest: Digest.parse(`sha256:${'0'.repeat(64)}`),
  inputSha256: '1'.repeat(64),
  outputSha256: null,
  cell: 'eu-west-1',
  runnerId: newId('rnr'),
  isolation: 'standard',
  startedAtMs: NOW_S * 1_000 - 500,
  endedAtMs: NOW_S * 1_000,
  usage: NO_USAGE,
  outcome: { state: 'succeeded', cause: 'exit_code', detail: 'exit 0', exitCode: 0 },
};

let root: Authority;
let trustBundlePem: string;
beforeAll(async () => {
  root = await createAuthority('soma.test', { notAfterMs: IN_AN_HOUR });
  trustBundlePem = root.certificatePem;
});

async function svid(request: Partial<CertificateRequest> = {}, authority = root, ...above: string[]) {
  const issued = await issueCertificate(authority, { uris: [RUNNER], notAfterMs: IN_AN_HOUR, ...request });
  return { certificateChainPem: [issued.certificatePem, ...above].join(''), privateKeyPem: issued.privateKeyPem };
}

async function refusalOf(jws: string, bundle = trustBundlePem): Promise<string> {
  const error: unknown = await verifyReceipt({ jws, trustBundlePem: bundle }).catch((refusal: unknown) => refusal);
  expect(error).toMatchObject({ name: 'DomainError', code: 'signature_invalid' });
  return error instanceof Error ? error.message : '';
}

describe('a receipt is believed', () => {
  test('that a runner of the claimed cell signed', async () => {
    const jws = await signReceipt(await svid(), claims);
    expect(await verifyReceipt({ jws, trustBundlePem })).toEqual(claims);
  });

  test('that says to whom the run spoke, or is older and does not', async () => {
    const total = { target: 'api.test:443', connections: 2, refused: 1, sentBytes: 30, receivedBytes: 70 };
    const other = { connections: 9, refused: 0, sentBytes: 5, receivedBytes: 0 };
    const spoke = { ...claims, usage: { ...NO_USAGE, egressBytes: 105 }, egress: { targets: [total], other } };
    expect(await verifyReceipt({ jws: await signReceipt(await svid(), spoke), trustBundlePem })).toEqual(spoke);
    const older = { ...claims, usage: spoke.usage };
    expect(await verifyReceipt({ jws: await signReceipt(await svid(), older), trustBundlePem })).toEqual(older);
  });

  test('whose certificate has expired since', async () => {
    const [notBeforeMs, notAfterMs] = [Date.now() - 7_200_000, Date.now() - 3_600_000];
    const old = await createAuthority('soma.test', { notBeforeMs, notAfterMs: IN_AN_HOUR });
    const jws = await signReceipt(await svid({ notBeforeMs, notAfterMs }, old), { ...claims, iat: NOW_S - 5_400 });
    expect((await verifyReceipt({ jws, trustBundlePem: old.certificatePem })).runId).toBe(claims.runId);
  });

  test('through an intermediate, with the root sent along or not', async () => {
    const intermediate = await issueCertificate(root, { uris: [], isAuthority: true, notAfterMs: IN_AN_HOUR });
    for (const above of [[intermediate.certificatePem], [intermediate.certificatePem, root.certificatePem]]) {
      const jws = await signReceipt(await svid({}, intermediate, ...above), claims);
      expect((await verifyReceipt({ jws, trustBundlePem })).iss).toBe(RUNNER);
    }
  });

  test('while the trust bundle changes from one root to the next', async () => {
    const next = await createAuthority('soma.test', { notAfterMs: IN_AN_HOUR });
    const jws = await signReceipt(await svid(), claims);
    const both = next.certificatePem + root.certificatePem;
    expect((await verifyReceipt({ jws, trustBundlePem: both })).iss).toBe(RUNNER);
  });

  test('with the claims the caller expects, and with no others', async () => {
    const jws = await signReceipt(await svid(), claims);
    const { runId, cell, digest } = claims;
    const expected = { trustDomain: 'soma.test', runId, cell, digest };
    await expect(verifyReceipt({ jws, trustBundlePem, expected })).resolves.toBeDefined();
    for (const wrong of [{ runId: newId('run') }, { trustDomain: 'other.test' }, { inputSha256: '2'.repeat(64) }]) {
      await expect(verifyReceipt({ jws, trustBundlePem, expected: { ...expected, ...wrong } })).rejects.toMatchObject({
        code: 'signature_invalid',
      });
    }
  });
});

describe('a receipt is not believed', () => {
  test.each<[what: string, jws: () => Promise<string>, why: string]>([
    [
      'of another trust domain',
      async () => signReceipt(await svid({}, await createAuthority('evil.test', { notAfterMs: IN_AN_HOUR })), claims),
      'does not end in an authority',
    ],
    [
      'of an unknown root with the right name',
      async () => signReceipt(await svid({}, await createAuthority('soma.test', { notAfterMs: IN_AN_HOUR })), claims),
      'does not end in an authority',
    ],
    [
      'signed after the certificate expired',
      async () =>
        signReceipt(await svid({ notBeforeMs: Date.now() - 9_000_000, notAfterMs: Date.now() - 60_000 }), claims),
      'not at',
    ],
    [
      'signed before the certificate was valid',
      async () => signReceipt(await svid(), { ...claims, iat: NOW_S - 7_200 }),
      'not at',
    ],
    [
      'signed by a cell',
      async () => {
        const iss = cellSpiffeId('soma.test', 'eu-west-1');
        return signReceipt(await svid({ uris: [iss] }), { ...claims, iss });
      },
      'is no runner',
    ],
    [
      'signed by a runner of another cell',
      async () => {
        const iss = runnerSpiffeId('soma.test', 'us-west-2', 'r');
        return signReceipt(await svid({ uris: [iss] }), { ...claims, iss });
      },
      'signed for eu-west-1',
    ],
    [
      'signed by another runner than it says',
      async () => signReceipt(await svid(), { ...claims, iss: `${RUNNER}0` }),
      'issued by',
    ],
    [
      'with two SPIFFE IDs',
      async () => signReceipt(await svid({ uris: [RUNNER, `${RUNNER}0`] }), claims),
      'exactly one URI SAN',
    ],
    [
      'with no SPIFFE ID',
      async () => signReceipt(await svid({ uris: [], dnsNames: ['runner'] }), claims),
      'exactly one URI SAN',
    ],
    [
      'with an ID that climbs',
      async () => signReceipt(await svid({ uris: ['spiffe://soma.test/cell/eu-west-1/runner/..'] }), claims),
      'not the SPIFFE ID',
    ],
    [
      'signed by an authority itself',
      async () => signReceipt(await svid({ isAuthority: true }), claims),
      'is an authority',
    ],
    [
      'below a leaf that plays an authority',
      async () => {
        const leaf = await svid();
        return signReceipt(
          await svid({}, { ...leaf, certificatePem: leaf.certificateChainPem }, leaf.certificateChainPem),
          claims,
        );
      },
      'is not an authority',
    ],
    [
      'below an intermediate that expired',
      async () => {
        const middle = await issueCertificate(root, {
          uris: [],
          isAuthority: true,
          notBeforeMs: 0,
          notAfterMs: Date.now() - 60_000,
        });
        return signReceipt(await svid({}, middle, middle.certificatePem), claims);
      },
      'not at',
    ],
    [
      'without the intermediate',
      async () =>
        signReceipt(
          await svid({}, await issueCertificate(root, { uris: [], isAuthority: true, notAfterMs: IN_AN_HOUR })),
          claims,
        ),
      'does not end in an authority',
    ],
    [
      'whose targets do not add up to its egress',
      async () =>
        signReceipt(await svid(), { ...claims, usage: { ...NO_USAGE, egressBytes: 1 }, egress: { targets: [] } }),
      'come to 0 bytes of egress; its usage says 1',
    ],
    [
      'that ends before it starts',
      async () => signReceipt(await svid(), { ...claims, endedAtMs: claims.startedAtMs - 1 }),
      'before it started',
    ],
  ])('%s', async (_what, jws, why) => {
    expect(await refusalOf(await jws())).toContain(why);
  });

  test('with a changed claim, signature or header', async () => {
    const [header = '', payload = '', signature = ''] = (await signReceipt(await svid(), claims)).split('.');
    const other = Buffer.from(JSON.stringify({ ...claims, version: '2.0.0' })).toString('base64url');
    expect(await refusalOf([header, other, signature].join('.'))).toContain('signature');
    expect(
      await refusalOf([header, payload, `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`].join('.')),
    ).toContain('signature');
    const [theirs = ''] = (await signReceipt(await svid(), claims)).split('.');
    expect(await refusalOf([theirs, payload, signature].join('.'))).toContain('signature');
  });

  test('with any other header: no signature, a MAC, no chain, another type, critical extensions', async () => {
    const { privateKeyPem, certificateChainPem } = await svid();
    const { key } = await importPrivateKey(privateKeyPem);
    const x5c = certificatesOf(certificateChainPem).map(toBase64);
    const payload = new TextEncoder().encode(JSON.stringify(claims));
    const signedAs = (header: Record<string, unknown> & { alg: string }, by: CryptoKey | Uint8Array = key) =>
      new CompactSign(payload).setProtectedHeader(header).sign(by, { crit: { exp: true } });

    expect(await refusalOf(new UnsecuredJWT({ ...claims }).encode())).toContain('header');
    const secret = certificatesOf(certificateChainPem)[0] ?? new Uint8Array();
    expect(await refusalOf(await signedAs({ alg: 'HS256', typ: RECEIPT_TYPE, x5c }, secret))).toContain('header: alg');
    expect(await refusalOf(await signedAs({ alg: 'ES256', typ: RECEIPT_TYPE }))).toContain('header: x5c');
    expect(await refusalOf(await signedAs({ alg: 'ES256', typ: RECEIPT_TYPE, x5c: [] }))).toContain('header: x5c');
    expect(await refusalOf(await signedAs({ alg: 'ES256', typ: 'JWT', x5c }))).toContain('header: typ');
    expect(await refusalOf(await signedAs({ alg: 'ES256', typ: RECEIPT_TYPE, x5c, crit: ['exp'], exp: 1 }))).toContain(
      'header',
    );
    expect(
      await refusalOf(await signedAs({ alg: 'ES256', typ: RECEIPT_TYPE, x5c, jku: 'https://evil.test' })),
    ).toContain('header');
  });

  test.each(['', '.', '..', 'a.b.c', 'e30.e30.', '\u0000'])('that is %j', async (jws) => {
    expect(await refusalOf(jws)).toContain('the header');
  });

  test('against a bundle that is empty, no PEM, or of leaves', async () => {
    const jws = await signReceipt(await svid(), claims);
    const { certificateChainPem } = await svid();
    for (const bundle of ['', 'hello', certificateChainPem])
      expect(await refusalOf(jws, bundle)).toContain('does not hold');
  });
});
