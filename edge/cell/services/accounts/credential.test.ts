import fc from 'fast-check';
import { expect, test } from 'vitest';

import { DomainError } from '#contracts/errors';
import { apiKeyPrefix, sessionPrefix } from '#contracts/identity';

import { presentedBearer } from './credential.ts';

const secret = 'A'.repeat(43);

test('a key, a session and a token are told apart by their form', () => {
  const key = `${apiKeyPrefix('eu-west-1')}${secret}`;
  expect(presentedBearer(`Bearer ${key}`, 'eu-west-1')).toEqual({ kind: 'api-key', key });
  expect(presentedBearer(`bearer ${sessionPrefix('eu-west-1')}${secret}`, 'eu-west-1')).toEqual({
    kind: 'session',
    token: secret,
  });
  const token = `${'a'.repeat(10)}.${'b'.repeat(10)}.${'c'.repeat(10)}`;
  expect(presentedBearer(`Bearer ${token}`, 'eu-west-1')).toEqual({ kind: 'jwt', token });
});

test("another cell's credential is not taken, and its cell is named", () => {
  expect(() => presentedBearer(`Bearer ${apiKeyPrefix('us-west-2')}${secret}`, 'eu-west-1')).toThrow(/us-west-2/);
});

test('anything else is nobody, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
      expect(() => presentedBearer(text, 'eu-west-1')).toThrow(DomainError);
    }),
  );
});
