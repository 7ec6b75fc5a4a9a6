import { inspect } from 'node:util';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Json } from '#contracts/json';

import { SecretMasker } from './secret-masker.ts';

const value = fc
  .string({ unit: 'grapheme', minLength: 6, maxLength: 40 })
  .map((drawn) => drawn.toWellFormed().replaceAll('*', 'x'));
const around = fc.string({ unit: 'grapheme', maxLength: 20 }).map((drawn) => drawn.toWellFormed());

describe('a value', () => {
  const FORMS: Record<string, (text: string) => string> = {
    'as it is': (text) => text,
    'in JSON': (text) => JSON.stringify(text).slice(1, -1),
    'in a URL': encodeURIComponent,
    'in a form': (text) => new URLSearchParams({ key: text }).toString().slice('key='.length),
    'in the query of a URL': (text) =>
      new URL(`https://acme.com/?key=${text}`).href.slice('https://acme.com/?key='.length),
    'in the path of a URL': (text) => new URL(`https://acme.com/v1${text}`).href.slice('https://acme.com/v1'.length),
    'in base64': (text) => Buffer.from(text).toString('base64').replace(/=+$/, ''),
    'in base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  };
  test.each(Object.entries(FORMS))('%s is masked, whatever stands around it', (_, form) => {
    fc.assert(
      fc.property(value, around, around, (secret, before, after) => {
        const shown = new SecretMasker({ TOKEN: secret }).text(`${before}${form(secret)}${after}`);
        expect(shown).toContain('***');
        // What base64 shares with its neighbours alone may stand.
        expect(shown.length).toBeLessThanOrEqual(before.length + after.length + 6);
      }),
    );
  });

  test('is masked where it is part of what was encoded, at any offset', () => {
    const masker = new SecretMasker({ PASSWORD: 'hunter2-hunter2' });
    for (const user of ['', 'a', 'ab', 'abc', 'abcd']) {
      const header = Buffer.from(`${user}:hunter2-hunter2!`).toString('base64');
      expect(masker.text(`Authorization: Basic ${header}`)).toMatch(/^Authorization: Basic .{0,8}\*\*\*.{0,4}$/);
    }
  });

  test('of which only some libraries escape anything in a URL is masked', () => {
    const masker = new SecretMasker({ PASSWORD: "Passw0rd!(it's~mine)" });
    for (const shown of ['Passw0rd%21%28it%27s~mine%29', 'Passw0rd%21%28it%27s%7Emine%29', "Passw0rd!(it's~mine)"])
      expect(masker.text(`?password=${shown}&`)).toBe('?password=***&');
  });

  test('as Python escapes it is masked', () => {
    expect(new SecretMasker({ KEY: 'schlüssel💩' }).text('"schl\\u00fcssel\\ud83d\\udca9"')).toBe('"***"');
  });

  describe('as it is shown inside of something else is masked', () => {
    const account = '{"key":"-----BEGIN-----\\nMIIE\\n"}';
    test.each([
      ['in quotes that it does not hold', account],
      ['in the third kind of quotes', 'it\'s "said"\n'],
      ['with its own quotes escaped', 'it\'s `so` "said"\n'],
    ])('by Node, %s', (_, secret) => {
      expect(new SecretMasker({ KEY: secret }).text(inspect([secret]))).toMatch(/^\[ ['`]\*{3}['`] \]$/);
    });

    test.each([
      [account, String.raw`['{"key":"-----BEGIN-----\\nMIIE\\n"}']`],
      ['it\'s "said"\n', String.raw`['it\'s "said"\n']`],
    ])('by Python', (secret, shown) => {
      expect(new SecretMasker({ KEY: secret }).text(shown)).toBe("['***']");
    });
  });

  test('of fewer than six bytes is a word like any other', () => {
    expect(new SecretMasker({ PIN: '12345' }).text('12345')).toBe('12345');
  });
});

describe('a value of several lines', () => {
  const keyLines = Array.from({ length: 3 }, (_, index) => `${index}/Aa+`.repeat(13));
  const lastKeyLine = 'Zz09+/Qq8w==';
  const pem = ['-----BEGIN PRIVATE KEY-----', ...keyLines, lastKeyLine, '-----END PRIVATE KEY-----', ''].join('\n');
  const account = JSON.stringify({ type: 'robot', nested: { private_key: pem, id: 'c0ffee-c0ffee' } }, null, 2);

  test.each([
    ['a PEM key', pem],
    ['one with the line ends of Windows', pem.replaceAll('\n', '\r\n')],
    ['one within a JSON file', account],
    ['one within JSON within JSON', JSON.stringify(account)],
  ])('%s, is masked line by line, and where only some of its lines are said', (_, secret) => {
    const masker = new SecretMasker({ KEY: secret });
    const said = pem.split('\n').map((line, index) => `${index}: ${line}`);
    const shown = [
      '0: -----BEGIN PRIVATE KEY-----',
      '1: ***',
      '2: ***',
      '3: ***',
      '4: ***',
      '5: -----END PRIVATE KEY-----',
      '6: ',
    ];
    expect(said.map((line) => masker.text(line))).toEqual(shown);
    expect(masker.text(`> ${keyLines[1]}\n> ${keyLines[2]}`)).toBe('> ***\n> ***');
    expect(masker.json({ line: keyLines[0] ?? '' })).toEqual({ line: '***' });
    expect(masker.text(encodeURIComponent(lastKeyLine))).toBe('***');
  });

  test('is one mask where it is said as a whole, also in a stream', () => {
    const stream = new SecretMasker({ KEY: pem }).stream();
    const shown = `the key: ${pem}.`.split('').map((letter) => stream.push(Buffer.from(letter)));
    expect(Buffer.concat([...shown, stream.end()]).toString()).toBe('the key: ***.');
  });

  test('is masked without the white space around it and around its lines', () => {
    expect(new SecretMasker({ KEY: 'hunter\n' }).text('hunter')).toBe('***');
    expect(new SecretMasker({ KEY: account }).text('the "id": "c0ffee-c0ffee" of it')).toBe('the *** of it');
  });

  test('of more lines than a few keys have, is masked as a whole, and line by line as far as the bound', () => {
    const lines = Array.from({ length: 600 }, (_, index) => `line-${1_000 + index}`);
    const masker = new SecretMasker({ KEY: lines.join('\n') });
    expect([lines[511], lines[512]].map((line) => masker.text(line ?? ''))).toEqual(['***', 'line-1512']);
    expect(masker.text(lines.join('\n'))).toBe('***');
  });

  test('does not mask what holds it together', () => {
    const masker = new SecretMasker({ KEY: `${account}\n===========\npin: 1\n` });
    const innocent = ['{', '}', '"nested": 1', '-----BEGIN PRIVATE KEY-----', '===========', 'pin: 1', 'robot'];
    expect(innocent.map((text) => masker.text(text))).toEqual(innocent);
  });
});

describe('JSON', () => {
  const masker = new SecretMasker({ A: 'first-secret', B: '123456' });

  test('is masked in every string, key and number, at every depth', () => {
    const line = {
      'a first-secret': ['x first-secret y', { deep: { 'first-secret': 123456 } }],
      other: [1234567, 1.5, null, true],
    };
    expect(masker.json(line)).toEqual({
      'a ***': ['x *** y', { deep: { '***': '***' } }],
      other: ['***7', 1.5, null, true],
    });
  });

  test.each(['12345678901234567890', '987654321098765432109876', '-12345678901234567890'])(
    'is masked in a number that was rounded as it was read (%s)',
    (number) => {
      const rounded = Json.parse(JSON.parse(number));
      const key = new SecretMasker({ KEY: number.replace('-', '') });
      expect(key.json({ rounded })).toEqual({ rounded: number.replace(/\d+/, '***') });
      expect(key.json([1e21, 2 ** 60, 123456])).toEqual([1e21, 2 ** 60, 123456]);
    },
  );

  test('without a secret in it is what it was', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().map((drawn) => Json.parse(drawn)),
        (json) => {
          expect(new SecretMasker({ A: 'not drawn by chance' }).json(json)).toEqual(json);
        },
      ),
    );
  });
});

test('the name of a host does not tell a value, in whatever letters it was asked for, nor where it was cut off', () => {
  const masker = new SecretMasker({ A: 'First-Secret' });
  expect(masker.hostName('first-secret.evil.test:443')).toBe('***.evil.test:443');
  expect(masker.hostName('x.First-Secret')).toBe('x.***');
  expect(masker.hostName('x.First-Se')).toBe('x.***');
  expect(masker.hostName('api.example.com:443')).toBe('api.example.com:443');
  const base64 = Buffer.from('user:First-Secret').toString('base64').toLowerCase().replaceAll('=', '');
  expect(masker.hostName(`${base64}.evil.test:443`)).toMatch(/^dxnlcj.\*{3}.{0,4}\.evil\.test:443$/);
});

test('text that was cut off does not end in the beginning of a value', () => {
  const masker = new SecretMasker({ A: 'first-secret' });
  expect([masker.cutText('Error: first-se'), masker.cutText('Error: firs')]).toEqual(['Error: ***', 'Error: firs']);
});
