import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { importDataKeys, openText, SealedText, sealText } from './sealed-text.ts';

const one = `one:${randomBytes(32).toString('base64')}`;
const two = `two:${randomBytes(32).toString('base64')}`;
const text = fc.string({ unit: 'grapheme' }).map((drawn) => drawn.toWellFormed());

test('what is sealed opens again, never looks the same twice and holds nothing of the text', async () => {
  const keys = await importDataKeys(one);
  await fc.assert(
    fc.asyncProperty(text, text, async (context, plain) => {
      const [first, second] = [await sealText(keys, context, plain), await sealText(keys, context, plain)];
      expect(SealedText.parse(first)).not.toBe(second);
      expect([await openText(keys, context, first), await openText(keys, context, second)]).toEqual([plain, plain]);
    }),
  );
});

test('it opens in no other context, with no other key, and not when a bit of it has changed', async () => {
  const keys = await importDataKeys(one);
  const sealed = await sealText(keys, 'ten_1|ins_1|TOKEN', 'a value');
  await expect(openText(keys, 'ten_1|ins_2|TOKEN', sealed)).rejects.toThrow('another context');
  await expect(openText(await importDataKeys(two), 'ten_1|ins_1|TOKEN', sealed)).rejects.toThrow('the data key one');
  const impostor = await importDataKeys(`one:${randomBytes(32).toString('base64')}`);
  await expect(openText(impostor, 'ten_1|ins_1|TOKEN', sealed)).rejects.toThrow('another context');

  const bytes = Buffer.from(sealed.slice('one:'.length), 'base64');
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: bytes.length * 8 - 1 }), async (bit) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      await expect(openText(keys, 'ten_1|ins_1|TOKEN', `one:${changed.toString('base64')}`)).rejects.toThrow(
        'another context',
      );
    }),
    { numRuns: 50 },
  );
});

test('a new key in front seals from now on, and what the old one sealed still opens', async () => {
  const old = await sealText(await importDataKeys(one), 'here', 'a value');
  const keys = await importDataKeys(`${two},${one}`);
  expect(await openText(keys, 'here', old)).toBe('a value');
  expect(await sealText(keys, 'here', 'a value')).toMatch(/^two:/);
});

test.each(['', 'one', 'one:', 'one:AAAA', `${one},${one}`, `One:${randomBytes(32).toString('base64')}`, `${one},`])(
  '%j is no set of keys',
  async (keys) => {
    await expect(importDataKeys(keys)).rejects.toThrow(RangeError);
  },
);
