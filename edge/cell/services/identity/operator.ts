import { DomainError } from '#contracts/errors';
import { workloadOf } from '#contracts/spiffe';

import { verifyClientSvid } from '../../clients/spiffe.ts';
import type { OperatorCtx, Platform } from '../../context.ts';

/** Who operates the platform, by the certificate of the connection alone. @throws unauthenticated · forbidden */
export async function identifyOperator(platform: Platform, tlsClientAuth: unknown): Promise<OperatorCtx> {
  const { env, now } = platform;
  const spiffeId = await verifyClientSvid(tlsClientAuth, env.TRUST_BUNDLE, env.TRUST_DOMAIN, now());
  if (spiffeId === undefined)
    throw new DomainError('unauthenticated', 'expected the client certificate of an operator');
  if (workloadOf(spiffeId)?.kind !== 'operator') throw new DomainError('forbidden', 'only operators do this');
  return { ...platform, operator: spiffeId };
}
