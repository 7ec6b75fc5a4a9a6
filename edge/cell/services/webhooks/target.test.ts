import fc from 'fast-check';
import { expect, test } from 'vitest';

import { MAX_WEBHOOK_URL_CHARS } from '#contracts/api/webhooks';

import { isTarget, readTarget } from './target.ts';

const RULES = { publicUrl: 'https://soma.dev', insecureHosts: '' };

test.each([
  'https://hooks.acme.com/soma',
  'https://acme.co.uk',
  'https://a.b.c.acme.com/x?y=z',
  'https://acme.com:443/x',
  'https://notsoma.dev/',
  'https://bücher.example.com/',
])('%s is a target', (url) => {
  expect(readTarget(url, RULES).protocol).toBe('https:');
});

test.each([
  ['', 'absolute'],
  ['acme.com/x', 'absolute'],
  ['http://acme.com/', 'https'],
  ['ftp://acme.com/', 'https'],
  ['javascript:alert(1)', 'https'],
  ['https://acme.com:8443/', 'port'],
  ['https://ada:secret@acme.com/', 'password'],
  ['https://acme.com/#x', 'fragment'],
  ['https://127.0.0.1/', 'address'],
  ['https://2130706433/', 'address'],
  ['https://0x7f.1/', 'address'],
  ['https://017700000001/', 'address'],
  ['https://10.0.0.1./', 'address'],
  ['https://169.254.169.254/latest/meta-data', 'address'],
  ['https://[::1]/', 'address'],
  ['https://[::ffff:10.0.0.1]/', 'address'],
  ['https://１２７.0.0.1/', 'address'],
  ['https://localhost/', 'private'],
  ['https://LOCALHOST./', 'private'],
  ['https://a.localhost/', 'private'],
  ['https://intranet/', 'private'],
  ['https://db.internal/', 'private'],
  ['https://printer.local/', 'private'],
  ['https://nas.home.arpa/', 'private'],
  ['https://soma.dev/v1/runs', 'ours'],
  ['https://cell-eu-west-1.soma.dev/', 'ours'],
  ['https://usw2.clickhouse.soma.dev./', 'ours'],
])('%s is none', (url, why) => {
  const violations = [expect.objectContaining({ path: '/url', message: expect.stringContaining(why) })];
  expect(() => readTarget(url, RULES)).toThrow(expect.objectContaining({ extra: { violations } }));
});

test('a URL that is too long once it is written out is none', () => {
  const written = 'https://acme.com/'.length;
  const characters = Math.floor((MAX_WEBHOOK_URL_CHARS - written) / '%E5%AD%97'.length);
  expect(isTarget(`https://acme.com/${'字'.repeat(characters)}`, RULES)).toBe(true);
  expect(isTarget(`https://acme.com/${'字'.repeat(characters + 1)}`, RULES)).toBe(false);
});

test('whatever is written, what is taken is https on a name with a dot and without a port', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string(), fc.ipV4Extended()), (text) => {
      const url = isTarget(text, RULES) ? new URL(text) : new URL('https://a.b');
      expect([url.protocol, url.port, /[a-z]/.test(url.hostname), url.hostname.includes('.')]).toEqual([
        'https:',
        '',
        true,
        true,
      ]);
    }),
  );
});

test('an operator can allow hosts for what is tried out on one machine', () => {
  const rules = { ...RULES, insecureHosts: '127.0.0.1:4000, localhost' };
  expect(isTarget('http://127.0.0.1:4000/x', rules)).toBe(true);
  expect(isTarget('http://localhost:9/x', rules)).toBe(true);
  expect(isTarget('http://127.0.0.1:4001/x', rules)).toBe(false);
  expect(isTarget('ftp://localhost/x', rules)).toBe(false);
});
