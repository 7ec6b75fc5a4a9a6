import type { Context } from 'hono';

import { DomainError } from '#contracts/errors';
import { workloadOf } from '#contracts/spiffe';

import { verifyClientSvid } from '../clients/spiffe.ts';
import type { AppEnv } from '../context.ts';

/** Who operates the platform, by the certificate of the connection alone; nothing in the request says who it is. */
export async function authenticateOperator(c: Context<AppEnv>): Promise<void> {
  const { env, now } = c.var.platform;
  const spiffeId = await verifyClientSvid(c.req.raw.cf?.tlsClientAuth, env.TRUST_BUNDLE, env.TRUST_DOMAIN, now());
  if (spiffeId === undefined)
    throw new DomainError('unauthenticated', 'expected the client certificate of an operator');
  if (workloadOf(spiffeId)?.kind !== 'operator') throw new DomainError('forbidden', 'only operators do this');
  c.set('operator', { ...c.var.platform, operator: spiffeId });
}
