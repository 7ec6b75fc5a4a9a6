import { eq } from 'drizzle-orm';
import { createRemoteJWKSet, type JWTPayload, jwtVerify, type RemoteJWKSet } from 'jose';
import { z } from 'zod';

import { DomainError } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import { PERMISSIONS_OF, Role } from '#contracts/permissions';
import { isRefusedByClaims, refusalOfToken } from '#contracts/token-fault';
import { tenants } from '#db/postgres/schema/index';

import { actorOf, type Ctx, type Platform } from '../../context.ts';
import type { Identified } from '../accounts/credential.ts';

/** An OpenID Connect issuer that the operator trusts to speak for one tenant, such as a CI system. */
const ExternalIssuer = z.strictObject({
  issuer: z.url(),
  jwksUri: z.url(),
  audience: z.string().min(1),
  tenantId: idOf('ten'),
  role: Role,
});
type ExternalIssuer = z.infer<typeof ExternalIssuer>;

/** Asymmetric only: with a shared secret the verifier could forge. */
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'];

export function externalIssuer(configuration: string, issuer: string | undefined): ExternalIssuer {
  const found = z
    .array(ExternalIssuer)
    .parse(JSON.parse(configuration))
    .find((entry) => entry.issuer === issuer);
  if (!found) throw new DomainError('unauthenticated', 'this token comes from an issuer that is not known here');
  return found;
}

const keySets = new Map<string, RemoteJWKSet>();

/** A token that its issuer has signed and that does not count here still says for whom it was sent: that is the issuer's tenant. */
export async function authenticateExternal(
  platform: Platform,
  token: string,
  issuer: ExternalIssuer,
): Promise<Identified> {
  const keys = keySets.get(issuer.jwksUri) ?? createRemoteJWKSet(new URL(issuer.jwksUri));
  keySets.set(issuer.jwksUri, keys);
  const verified = await jwtVerify(token, keys, {
    algorithms: ALGORITHMS,
    issuer: issuer.issuer,
    audience: issuer.audience,
    requiredClaims: ['exp', 'sub'],
    currentDate: platform.now(),
  }).catch((error: unknown) => {
    const refusal = refusalOfToken(error);
    if (!isRefusedByClaims(error)) throw refusal;
    return { payload: error.payload, refusal };
  });
  const ctx = await ctxOf(platform, issuer, verified.payload);
  return 'refusal' in verified ? { ctx, refusal: verified.refusal } : { ctx };
}

async function ctxOf(platform: Platform, issuer: ExternalIssuer, payload: JWTPayload): Promise<Ctx> {
  const [tenant] = await platform.db
    .select({ id: tenants.id, handle: tenants.handle })
    .from(tenants)
    .where(eq(tenants.id, issuer.tenantId));
  if (!tenant) throw new DomainError('unauthenticated', 'the tenant of this issuer does not live in this cell');
  return {
    ...platform,
    actor: actorOf(platform, 'external', `${issuer.issuer}#${payload.sub}`),
    tenant,
    permissions: new Set(PERMISSIONS_OF[issuer.role]),
    credential: 'external',
  };
}
