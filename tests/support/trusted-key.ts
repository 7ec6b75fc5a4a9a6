import { exportJWK, generateKeyPair, SignJWT } from 'jose';

import type { Cell } from '#contracts/cells';
import { cellSpiffeId } from '#contracts/identity';
import { newId } from '#contracts/ids';

import { type EdgeView, TRUST_DOMAIN } from './edge-view.ts';
import { Person } from './people.ts';

export interface TrustedKey {
  readonly privateKey: CryptoKey;
  readonly kid: string;
}

/**
 * Makes a cell publish a key of the test's as its own, so that what it never would sign can be signed. So that it has one to sign with itself,
 * somebody gets a token there first.
 */
export async function trustedKey({ url, databases }: EdgeView, cell: Cell): Promise<TrustedKey> {
  const { person } = await Person.withTenant(url, cell);
  await person.ask('/v1/tokens', { method: 'POST' });
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const kid = `test-${newId('req')}`;
  await databases[cell].query(
    "insert into signing_keys (id, public_key, private_key, alg, crv, created_at) values ($1, $2, '', 'ES256', 'P-256', '2020-01-01')",
    [kid, JSON.stringify(await exportJWK(publicKey))],
  );
  return { privateKey, kid };
}

/** Makes what one cell sends along when it calls another, each time anew, for it lasts a minute. */
export async function peerSigner(edge: EdgeView, from: Cell, to: Cell): Promise<() => Promise<string>> {
  const { privateKey, kid } = await trustedKey(edge, from);
  const spiffeId = cellSpiffeId(TRUST_DOMAIN, from);
  return () =>
    new SignJWT({ iss: spiffeId, sub: spiffeId, aud: to })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuedAt()
      .setExpirationTime('60 s')
      .sign(privateKey);
}
