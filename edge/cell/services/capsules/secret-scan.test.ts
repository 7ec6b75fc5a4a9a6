import { expect, test } from 'vitest';

import { assertNoSecrets } from './secret-scan.ts';

const bundle = (text: string) => new Map([['src/main.js', new TextEncoder().encode(text)]]);

test.each([
  ['-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49', 'private key'],
  ['-----BEGIN RSA PRIVATE KEY-----\r\nMIIEpAIBAAKCAQEA1', 'private key'],
  [`const key = "AKIA${'A1'.repeat(8)}"`, 'AWS'],
  [`ghp_${'a'.repeat(36)}`, 'GitHub'],
  [`soma_key_euw1_${'x'.repeat(43)}`, 'Soma'],
])('a bundle with %j is refused, and the answer does not repeat it', (text, what) => {
  expect(() => assertNoSecrets(bundle(`// ü\n${text}\n`))).toThrow(
    expect.objectContaining({
      code: 'invalid_bundle',
      message: expect.stringMatching(new RegExp(`src/main.js.*${what}`)),
    }),
  );
  expect(() => assertNoSecrets(bundle(text))).not.toThrow(text);
});

test('code that only speaks of keys passes', () => {
  const text = `
    // looks for "-----BEGIN PRIVATE KEY-----" in its input
    const shape = /AKIA[0-9A-Z]{16}/;
    const token = process.env.GITHUB_TOKEN ?? 'ghp_...';
  `;
  expect(() => assertNoSecrets(bundle(text))).not.toThrow();
});
