import type { Context } from 'hono';
import { decodeJwt, jwtVerify } from 'jose';

import { DomainError } from '#contracts/errors';
import { CELL_TOKEN_LIFETIME_S, cellOfSpiffeId, cellSpiffeId } from '#contracts/identity';

import { peerKeys } from '../clients/peer.ts';
import type { AppEnv } from '../context.ts';
import { refusalOfToken } from '../services/tokens/refusal.ts';

/** Another cell, by a minute's token that it signed for this cell alone. */
export async function authenticatePeer(c: Context<AppEnv>): Promise<void> {
  const { cell, env, now } = c.var.platform;
  const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new DomainError('unauthenticated', 'expected the token of a cell');
  try {
    const peer = cellOfSpiffeId(env.TRUST_DOMAIN, decodeJwt(token).iss);
    if (peer === undefined || peer === cell) throw new DomainError('unauthenticated', 'expected the token of a peer');
    await jwtVerify(token, peerKeys(env, peer), {
      algorithms: ['ES256'],
      issuer: cellSpiffeId(env.TRUST_DOMAIN, peer),
      audience: cell,
      requiredClaims: ['exp', 'iat'],
      maxTokenAge: CELL_TOKEN_LIFETIME_S,
      currentDate: now(),
    });
    c.set('peer', peer);
  } catch (error) {
    throw refusalOfToken(error);
  }
}
