import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseTarget, portsToServe } from './target.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const name = fc.tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[a-z]{2,6}$/));
const host = name.map(([labels, top]) => [...labels, top].join('.'));
const port = fc.integer({ min: 1, max: 65_535 });

describe('the target of a CONNECT', () => {
  test('is a name and a port, in any case and with the dot of the root', () => {
    fc.assert(
      fc.property(host, port, (text, number) => {
        expect(parseTarget(`${text}:${number}`)).toEqual({ host: text, port: number });
        expect(parseTarget(`${text.toUpperCase()}.:${number}`)).toEqual({ host: text, port: number });
      }),
    );
  });

  test('is never an address, however it is written', () => {
    const spelled = ['127.0.0.1', '[::1]', '127.1', '0x7f000001', '0x7f.1', '2130706433', '017700000001', '1.2.3.4.'];
    expect(spelled.map((text) => parseTarget(`${text}:80`))).toEqual(spelled.map(() => 'address_literal'));
    fc.assert(fc.property(fc.ipV4(), port, (text, number) => parseTarget(`${text}:${number}`) === 'address_literal'));
    fc.assert(fc.property(fc.ipV6(), port, (text, number) => typeof parseTarget(`[${text}]:${number}`) === 'string'));
  });

  test.each([
    '',
    ':443',
    'a.test',
    'a.test:',
    'a.test:0',
    'a.test:65536',
    'a.test:0443',
    'a.test:4 43',
    'localhost:80',
    'a..test:80',
    '-a.test:80',
    'a test:80',
    'user@a.test:80',
    'http://a.test:80',
    'a.test:80/x',
    'a.test:80:80',
    `${'a'.repeat(64)}.test:80`,
    `${'a.'.repeat(130)}test:80`,
    'ä.test:80',
    'a.test\u0000.evil.test:80',
  ])('%j is malformed', (text) => {
    expect(parseTarget(text)).toBe('malformed');
  });

  test('is judged without falling over, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const target = parseTarget(`${text}:443`);
        const read = typeof target === 'string' ? 'refused.test' : target.host;
        expect(read).toMatch(/^[a-z0-9_][a-z0-9._-]+$/);
      }),
    );
  });
});

test('the ports of the web are served beside those granted, each once', () => {
  expect(portsToServe(['a.test:443', '*.b.test:5432', 'c.test:5432'])).toEqual([80, 443, 5432]);
});
