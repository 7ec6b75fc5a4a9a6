import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';

import { type CellBinding, CellKeys, verifyCellToken } from './cell-token.ts';
import type { Cell } from './cells.ts';
import { cellSpiffeId } from './identity.ts';

const trustDomain = 'soma.test';
const { privateKey, publicKey } = await generateKeyPair('ES256');
const stranger = await generateKeyPair('ES256');
const published = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] };

const sound: CellBinding = { fetch: () => Promise.resolve(Response.json(published)) };

function sign(claims: object, { key = privateKey, kid = 'k1' } = {}): Promise<string> {
  const iss = cellSpiffeId(trustDomain, 'us-west-2');
  const iat = Math.floor(Date.now() / 1_000);
  return new SignJWT({ iss, aud: 'eu-west-1', iat, exp: iat + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(key);
}

function verify(token: string, binding = sound): Promise<Cell> {
  const keys = new CellKeys();
  return verifyCellToken(`Bearer ${token}`, {
    trustDomain,
    audience: 'eu-west-1',
    keysOf: (cell) => (cell === 'us-west-2' ? keys.of(cell, binding) : undefined),
    now: new Date(),
  });
}

test('a cell is known by the token it signed for this audience', async () => {
  expect(await verify(await sign({}))).toBe('us-west-2');
});

test('a key that was made a moment after the others were read is known', async () => {
  const younger = { ...(await exportJWK(stranger.publicKey)), kid: 'k2', alg: 'ES256' };
  let known = published.keys;
  const keys = new CellKeys().of('us-west-2', { fetch: () => Promise.resolve(Response.json({ keys: known })) });
  const expected = { trustDomain, audience: 'eu-west-1', keysOf: () => keys } as const;
  const verifyNow = async (token: string) => verifyCellToken(`Bearer ${token}`, { ...expected, now: new Date() });
  await verifyNow(await sign({}));
  known = [...known, younger];
  expect(await verifyNow(await sign({}, { key: stranger.privateKey, kid: 'k2' }))).toBe('us-west-2');
});

describe('a token is refused', () => {
  const now = Math.floor(Date.now() / 1_000);
  test.each([
    ['for another audience', () => sign({ aud: 'us-west-2' })],
    ['that is too old', () => sign({ iat: now - 120, exp: now + 60 })],
    ['of a cell that has no business here', () => sign({ iss: cellSpiffeId(trustDomain, 'eu-west-1') })],
    ['of another trust domain', () => sign({ iss: cellSpiffeId('evil.test', 'us-west-2') })],
    ['of an unknown key', () => sign({}, { key: stranger.privateKey, kid: 'k2' })],
    ['of another key under a known name', () => sign({}, { key: stranger.privateKey })],
    ['that is none', () => Promise.resolve('a.b.c')],
  ])('%s', async (_what, make) => {
    await expect(verify(await make())).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('where the cell does not say which keys are its own, a token is not judged', () => {
  const late: CellBinding['fetch'] = (_url, { signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  const lost: CellBinding['fetch'] = () => Promise.reject(new TypeError('Network connection lost.'));
  test.each<[string, CellBinding['fetch']]>([
    ['it is not ready', () => Promise.resolve(new Response('{}', { status: 503 }))],
    ['it answers nonsense', () => Promise.resolve(new Response('<html>'))],
    ['it answers what is no key set', () => Promise.resolve(Response.json({ keys: 7 }))],
    ['it cannot be reached', lost],
    ['it does not answer in time', late],
  ])('%s', async (_what, fetch) => {
    await expect(verify(await sign({}), { fetch })).rejects.toMatchObject({ code: 'unavailable' });
  });
});
