import { describe, expect, test } from 'vitest';

import { verifyClientSvid } from '#cell/clients/spiffe';
import { toBase64 } from '#contracts/base64';
import { packBundle, unpackBundle } from '#contracts/bundle';
import { readManifest } from '#contracts/capsule-json';
import { Digest } from '#contracts/digest';
import { generateKeyPair, importPrivateKey } from '#contracts/ecdsa';
import { runnerSpiffeId } from '#contracts/identity';
import { newId } from '#contracts/ids';
import { appendLeaf, EMPTY_RANGE, hashLeaf, rootOf, rootOfLeaves } from '#contracts/merkle';
import type { ReceiptClaims } from '#contracts/receipt';
import { NO_USAGE } from '#contracts/run';
import { signBundle, verifySignature } from '#contracts/signature';
import { signReceipt, verifyReceipt } from '#contracts/verify-receipt';
import { certificatesOf } from '#contracts/x509';
import { createAuthority, issueCertificate } from '#contracts/x509-authority';

const notAfterMs = Date.now() + 3_600_000;
const RUNNER = runnerSpiffeId('soma.test', 'eu-west-1', 'r-1');
const utf8 = (text: string) => new TextEncoder().encode(text);

const manifest = {
  name: 'acme/hello',
  version: '1.0.0',
  title: 'Hello',
  description: 'Says hello to whoever asks.',
  license: 'MIT',
  runtime: 'node24',
  entrypoint: 'main.js',
  input: { type: 'object', properties: { name: { type: 'string', pattern: '^[a-z]+$' } }, required: ['name'] },
  output: true,
};

/** What runs on Node in the unit tests runs here on BoringSSL and workerd's own WebCrypto. */
describe('inside workerd', () => {
  test('a bundle is packed, read and signed, and a changed one is refused', async () => {
    const files = new Map([
      ['capsule.json', utf8(JSON.stringify(manifest))],
      ['main.js', utf8('export default () => 1\n')],
    ]);
    const bundle = packBundle(files);
    expect(readManifest(unpackBundle(bundle)).name).toBe('acme/hello');

    const { privateKeyPem, publicKeyPem } = await generateKeyPair();
    const sigstore = await signBundle(await importPrivateKey(privateKeyPem), bundle);
    await verifySignature({ bundle, sigstore, publicKeyPem });
    const other = await generateKeyPair();
    await expect(verifySignature({ bundle, sigstore, publicKeyPem: other.publicKeyPem })).rejects.toMatchObject({
      code: 'signature_invalid',
    });
  });

  test('a receipt is signed and verified along its chain, and one of another authority is not believed', async () => {
    const root = await createAuthority('soma.test', { notAfterMs });
    const stranger = await createAuthority('soma.test', { notAfterMs });
    const issued = await issueCertificate(root, { uris: [RUNNER], notAfterMs });
    const endedAtMs = Date.now();
    const claims: ReceiptClaims = {
      iss: RUNNER,
      iat: Math.floor(endedAtMs / 1_000),
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
      startedAtMs: endedAtMs - 5,
      endedAtMs,
      usage: NO_USAGE,
      outcome: { state: 'succeeded', cause: 'exit_code', detail: 'exit 0', exitCode: 0 },
    };
    const signer = { certificateChainPem: issued.certificatePem, privateKeyPem: issued.privateKeyPem };
    const jws = await signReceipt(signer, claims);
    expect(await verifyReceipt({ jws, trustBundlePem: root.certificatePem })).toEqual(claims);
    await expect(verifyReceipt({ jws, trustBundlePem: stranger.certificatePem })).rejects.toMatchObject({
      code: 'signature_invalid',
    });

    const certRFC9440 = certificatesOf(issued.certificatePem)
      .map((der) => `:${toBase64(der)}:`)
      .join('');
    const auth = { certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0', certRFC9440 };
    expect(await verifyClientSvid(auth, root.certificatePem, 'soma.test', new Date())).toBe(RUNNER);
    expect(await verifyClientSvid(auth, stranger.certificatePem, 'soma.test', new Date())).toBeUndefined();
  });

  test('a log grows to the root that its leaves have', () => {
    const leaves = Array.from({ length: 100 }, (_, index) => hashLeaf(Uint8Array.of(index)));
    expect(rootOf(leaves.reduce(appendLeaf, EMPTY_RANGE))).toBe(rootOfLeaves(leaves));
  });
});
