import { DomainError } from '#contracts/errors';
import { runnerSpiffeId } from '#contracts/identity';

import { verifyClientSvid } from '../../clients/spiffe.ts';
import type { Platform } from '../../context.ts';

/** SPIFFE ID of a runner of this cell, by the certificate of its connection alone. @throws unauthenticated · forbidden */
export async function identifyRunner({ cell, env, now }: Platform, tlsClientAuth: unknown): Promise<string> {
  const spiffeId = await verifyClientSvid(tlsClientAuth, env.TRUST_BUNDLE, env.TRUST_DOMAIN, now());
  if (spiffeId === undefined) throw new DomainError('unauthenticated', 'expected the client certificate of a runner');
  const runnersOfThisCell = runnerSpiffeId(env.TRUST_DOMAIN, cell, '');
  if (!spiffeId.startsWith(runnersOfThisCell)) {
    throw new DomainError('forbidden', `only runners of ${cell} report here`);
  }
  return spiffeId;
}
