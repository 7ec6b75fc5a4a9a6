import type { Context } from 'hono';

import { DomainError } from '#contracts/errors';
import { runnerSpiffeId } from '#contracts/identity';

import { verifyClientSvid } from '../clients/spiffe.ts';
import type { AppEnv } from '../context.ts';

/** A runner of this cell, by the certificate of its connection alone; nothing in the request says who it is. */
export async function authenticateRunner(c: Context<AppEnv>): Promise<void> {
  const { cell, env, now } = c.var.platform;
  const spiffeId = await verifyClientSvid(c.req.raw.cf?.tlsClientAuth, env.TRUST_BUNDLE, env.TRUST_DOMAIN, now());
  if (spiffeId === undefined) throw new DomainError('unauthenticated', 'expected the client certificate of a runner');
  const runnersOfThisCell = runnerSpiffeId(env.TRUST_DOMAIN, cell, '');
  if (!spiffeId.startsWith(runnersOfThisCell)) {
    throw new DomainError('forbidden', `only runners of ${cell} report here`);
  }
  c.set('runner', spiffeId);
}
