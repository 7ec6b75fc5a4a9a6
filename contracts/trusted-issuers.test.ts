import { describe, expect, test } from 'vitest';

import { newId } from './ids.ts';
import { isMeant, parseIssuers, type TrustedIssuer } from './trusted-issuers.ts';

const sound = {
  issuer: 'https://token.actions.githubusercontent.com',
  jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',
  audience: 'soma',
  subject: 'repo:acme/engine:ref:refs/heads/main',
  tenantId: newId('ten'),
  role: 'developer',
};

function parse(entries: unknown, isDevelopment = false): TrustedIssuer[] {
  return parseIssuers(JSON.stringify(entries), { isDevelopment });
}

describe('the list of trusted issuers', () => {
  test('may name one issuer for several tenants', () => {
    const other = { ...sound, subject: 'repo:globex/*', tenantId: newId('ten'), claims: { ref_protected: 'true' } };
    expect(parse([sound, other])).toHaveLength(2);
  });

  test.each([
    ['no JSON', 'issuer'],
    ['no list', '{}'],
    ['no subject', JSON.stringify([{ ...sound, subject: undefined }])],
    ['any subject at all', JSON.stringify([{ ...sound, subject: '*' }])],
    ['a subject that ends within a name', JSON.stringify([{ ...sound, subject: 'repo:acme*' }])],
    ['a star within a subject', JSON.stringify([{ ...sound, subject: 'repo:*/engine' }])],
    ['an unknown role', JSON.stringify([{ ...sound, role: 'root' }])],
    ['a field that was written wrongly', JSON.stringify([{ ...sound, claim: {} }])],
    ['keys in two places', JSON.stringify([sound, { ...sound, jwksUri: 'https://other.example/keys' }])],
    ['keys over http', JSON.stringify([{ ...sound, jwksUri: 'http://127.0.0.1/keys' }])],
  ])('with %s is refused by name', (_what, text) => {
    expect(() => parseIssuers(text, { isDevelopment: false })).toThrow(/^OIDC_ISSUERS is not valid: /);
  });

  test('may have keys over http on a development machine alone', () => {
    expect(parse([{ ...sound, jwksUri: 'http://127.0.0.1/keys' }], true)).toHaveLength(1);
  });
});

describe('a token is meant', () => {
  const claims = { ref_protected: 'true', run_attempt: 1 };
  test.each([
    ['repo:acme/engine:main', 'repo:acme/engine:main', true],
    ['repo:acme/engine:main', 'repo:acme/engine:main2', false],
    ['repo:acme/*', 'repo:acme/engine:main', true],
    ['repo:acme/*', 'repo:acme-evil/engine:main', false],
    ['repo:acme/*', 'xrepo:acme/engine', false],
  ])('by %s for %s: %s', (subject, sub, expected) => {
    expect(isMeant({ subject, claims: {} }, { sub })).toBe(expected);
  });

  test('only with the very claims', () => {
    const entry = { subject: 'me', claims };
    expect(isMeant(entry, { sub: 'me', ...claims, more: true })).toBe(true);
    expect(isMeant(entry, { sub: 'me', ref_protected: true, run_attempt: 1 })).toBe(false);
    expect(isMeant(entry, { sub: 'me', run_attempt: 1 })).toBe(false);
    expect(isMeant({ subject: 'me', claims: { constructor: 'x' } }, { sub: 'me' })).toBe(false);
  });
});
