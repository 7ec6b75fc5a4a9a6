import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';

import { fromBase64, toBase64 } from './base64.ts';
import { derOf, generateKeyPair, importPrivateKey, importPublicKey, scalarsOf } from './ecdsa.ts';
import { signBundle, signerOf, verifySignature } from './signature.ts';

const bundle = new TextEncoder().encode('the bytes of a bundle');

const pemOf = (key: { export: (options: { type: 'spki'; format: 'pem' }) => string | Buffer }) =>
  String(key.export({ type: 'spki', format: 'pem' }));

async function signed() {
  const { privateKeyPem, publicKeyPem } = await generateKeyPair();
  const sigstore = await signBundle(await importPrivateKey(privateKeyPem), bundle);
  return { bundle, sigstore, publicKeyPem };
}

describe('a signature', () => {
  test('verifies with the key it names', async () => {
    const { sigstore, publicKeyPem } = await signed();
    await expect(verifySignature({ bundle, sigstore, publicKeyPem })).resolves.toBeUndefined();
    expect(signerOf(sigstore)).toBe((await importPublicKey(publicKeyPem)).fingerprint);
  });

  test('of other bytes is a digest mismatch', async () => {
    const { sigstore, publicKeyPem } = await signed();
    const other = Uint8Array.of(...bundle, 0);
    await expect(verifySignature({ bundle: other, sigstore, publicKeyPem })).rejects.toMatchObject({
      code: 'digest_mismatch',
    });
  });

  test('whose digest was changed along with the bytes is invalid', async () => {
    const { sigstore, publicKeyPem } = await signed();
    const other = await signBundle(await importPrivateKey((await generateKeyPair()).privateKeyPem), Uint8Array.of(1));
    const { messageDigest } = other.messageSignature;
    const forged = { ...sigstore, messageSignature: { ...sigstore.messageSignature, messageDigest } };
    await expect(verifySignature({ bundle: Uint8Array.of(1), sigstore: forged, publicKeyPem })).rejects.toMatchObject({
      code: 'signature_invalid',
    });
  });

  test('by another key is invalid, whichever key it names', async () => {
    const mine = await signed();
    const theirs = await signed();
    const wrong = { ...mine, sigstore: theirs.sigstore };
    await expect(verifySignature(wrong)).rejects.toMatchObject({ code: 'signature_invalid' });
    const disguised = { ...theirs.sigstore, verificationMaterial: mine.sigstore.verificationMaterial };
    await expect(verifySignature({ ...mine, sigstore: disguised })).rejects.toMatchObject({
      code: 'signature_invalid',
    });
  });

  test.each([
    ['nothing', undefined],
    ['text', 'MEUCIQ'],
    ['an older bundle', { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2' }],
  ])('that is %s is invalid', async (_what, sigstore) => {
    const { publicKeyPem } = await signed();
    await expect(verifySignature({ bundle, sigstore, publicKeyPem })).rejects.toMatchObject({
      code: 'signature_invalid',
    });
  });

  test.each(['', 'AA', 'A A=', '!!!!', toBase64(new Uint8Array(64)), toBase64(Uint8Array.of(0x30, 0))])(
    'whose bytes are %j is invalid',
    async (signature) => {
      const { sigstore, publicKeyPem } = await signed();
      const broken = { ...sigstore, messageSignature: { ...sigstore.messageSignature, signature } };
      await expect(verifySignature({ bundle, sigstore: broken, publicKeyPem })).rejects.toMatchObject({
        code: 'signature_invalid',
      });
    },
  );

  test('passes openssl, and one by openssl passes here', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'soma-signature-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const at = (name: string) => join(folder, name);
    const { privateKeyPem, publicKeyPem } = await generateKeyPair();
    const sigstore = await signBundle(await importPrivateKey(privateKeyPem), bundle);
    writeFileSync(at('key.pem'), privateKeyPem);
    writeFileSync(at('pub.pem'), publicKeyPem);
    writeFileSync(at('bundle'), bundle);
    writeFileSync(at('ours.sig'), fromBase64(sigstore.messageSignature.signature));

    const verdict = execFileSync('openssl', [
      'dgst',
      '-sha256',
      '-verify',
      at('pub.pem'),
      '-signature',
      at('ours.sig'),
      at('bundle'),
    ]);
    expect(String(verdict)).toContain('Verified OK');

    const theirs = execFileSync('openssl', ['dgst', '-sha256', '-sign', at('key.pem'), at('bundle')]);
    const resigned = { ...sigstore, messageSignature: { ...sigstore.messageSignature, signature: toBase64(theirs) } };
    await expect(verifySignature({ bundle, sigstore: resigned, publicKeyPem })).resolves.toBeUndefined();
  });
});

describe('a public key', () => {
  test.each([
    ['RSA', () => pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['P-384', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['secp256k1', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
    ['Ed25519', () => pemOf(generateKeyPairSync('ed25519').publicKey)],
    ['nothing', () => ''],
    ['no PEM', () => 'hello'],
  ])('that is %s is refused', async (_what, pem) => {
    await expect(importPublicKey(pem())).rejects.toThrow(RangeError);
  });

  test('that is a private key, two keys or off the curve is refused', async () => {
    const { privateKeyPem, publicKeyPem } = await generateKeyPair();
    await expect(importPublicKey(privateKeyPem)).rejects.toThrow(RangeError);
    await expect(importPublicKey(publicKeyPem + publicKeyPem)).rejects.toThrow(RangeError);
    await expect(importPublicKey(`x${publicKeyPem}`)).rejects.toThrow(RangeError);
    const spki = fromBase64(publicKeyPem.replaceAll(/-----[^-]+-----|\s/g, ''));
    spki[90] = (spki[90] ?? 0) ^ 1;
    const off = `-----BEGIN PUBLIC KEY-----\n${toBase64(spki)}\n-----END PUBLIC KEY-----`;
    await expect(importPublicKey(off)).rejects.toThrow('not a point');
  });

  test('has one spelling and one fingerprint, however its PEM was wrapped', async () => {
    const { publicKeyPem } = await generateKeyPair();
    const oneLine = publicKeyPem.replaceAll(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '');
    const windows = publicKeyPem.replaceAll('\n', '\r\n');
    const [original, ...others] = await Promise.all([publicKeyPem, oneLine, windows].map(importPublicKey));
    for (const { pem, fingerprint } of others) {
      expect({ pem, fingerprint }).toEqual({ pem: original?.pem, fingerprint: original?.fingerprint });
    }
  });
});

describe('DER', () => {
  const scalars = fc.oneof(
    fc.uint8Array({ minLength: 64, maxLength: 64 }),
    fc.tuple(fc.nat(32), fc.nat(32)).map(([a, b]) => new Uint8Array(64).fill(0x80, a, 32).fill(0x7f, 32 + b)),
  );

  test('and r ‖ s turn into each other', () => {
    fc.assert(
      fc.property(scalars, (rs) => {
        expect(scalarsOf(derOf(rs))).toEqual(rs);
      }),
    );
  });

  test('has one spelling: every changed byte is another signature or none', () => {
    fc.assert(
      fc.property(scalars, fc.nat(), fc.integer({ min: 1, max: 255 }), (rs, at, mask) => {
        const der = derOf(rs);
        der[at % der.length] = (der[at % der.length] ?? 0) ^ mask;
        expect(scalarsOf(der)).not.toEqual(rs);
      }),
    );
  });

  test('of any bytes is read or refused, never thrown on', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect([64, undefined]).toContain(scalarsOf(bytes)?.length);
      }),
    );
  });
});
