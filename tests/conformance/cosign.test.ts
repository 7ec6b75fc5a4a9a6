import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, onTestFinished, test } from 'vitest';

import { packBundle } from '#contracts/bundle';
import { generateKeyPair, importPrivateKey } from '#contracts/ecdsa';
import { signBundle, verifySignature } from '#contracts/signature';

import { ensureCosign } from './cosign-binary.ts';

const run = promisify(execFile);
// Everywhere else openssl stands in for it, in contracts/signature.test.ts.
const cosign = await ensureCosign();

const bundle = packBundle(new Map([['capsule.json', new TextEncoder().encode('{}')]]));

async function signedFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'soma-cosign-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { privateKeyPem, publicKeyPem } = await generateKeyPair();
  const at = (name: string) => join(folder, name);
  writeFileSync(at('bundle.tar'), bundle);
  writeFileSync(at('key.pem'), privateKeyPem);
  writeFileSync(at('pub.pem'), publicKeyPem);
  // Without one, cosign asks the network for the roots of the public instance, which a known key has no use for.
  writeFileSync(
    at('roots.json'),
    JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' }),
  );
  writeFileSync(at('sigstore.json'), JSON.stringify(await signBundle(await importPrivateKey(privateKeyPem), bundle)));
  return { at, publicKeyPem };
}

describe('cosign', () => {
  const verify = (at: (name: string) => string, blob: string) =>
    run(cosign, [
      'verify-blob',
      '--key',
      at('pub.pem'),
      '--bundle',
      at('sigstore.json'),
      '--trusted-root',
      at('roots.json'),
      '--insecure-ignore-tlog',
      blob,
    ]);

  test('accepts a signature of ours, and refuses it for other bytes', async () => {
    const { at } = await signedFiles();
    const { stderr } = await verify(at, at('bundle.tar'));
    expect(stderr).toContain('Verified OK');
    writeFileSync(at('other.tar'), Uint8Array.of(...bundle, 0));
    await expect(verify(at, at('other.tar'))).rejects.toThrow('cosign');
  });

  test('makes a signature that we accept', async () => {
    const { at, publicKeyPem } = await signedFiles();
    const env = { ...process.env, COSIGN_PASSWORD: '' };
    await run(cosign, ['import-key-pair', '--key', at('key.pem'), '--output-key-prefix', at('imported'), '--yes'], {
      env,
    });
    const flags = [
      '--key',
      at('imported.key'),
      '--bundle',
      at('theirs.json'),
      '--yes',
      '--use-signing-config=false',
      '--tlog-upload=false',
    ];
    await run(cosign, ['sign-blob', ...flags, at('bundle.tar')], { env });
    const sigstore: unknown = JSON.parse(readFileSync(at('theirs.json'), 'utf8'));
    await expect(verifySignature({ bundle, sigstore, publicKeyPem })).resolves.toBeUndefined();
  });
});
