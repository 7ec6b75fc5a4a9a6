import { eq } from 'drizzle-orm';
import { createRemoteJWKSet, customFetch, jwtVerify, type RemoteJWKSet } from 'jose';
import { z } from 'zod';

import { DomainError } from '#contracts/errors';
import { isStorable } from '#contracts/json';
import { PERMISSIONS_OF } from '#contracts/permissions';
import { readBounded } from '#contracts/read-bounded';
import { isRefusedByClaims, refusalOfToken } from '#contracts/token-fault';
import { isMeant, type TrustedIssuer } from '#contracts/trusted-issuers';
import { tenants } from '#db/postgres/schema/index';

import { actorOf, type Platform } from '../../context.ts';
import type { Identified } from '../accounts/credential.ts';
import { trustedIssuers } from './issuers.ts';

/** Asymmetric only: with a shared secret the verifier could forge. */
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'];
const KEYS_TIMEOUT_MS = 5_000;
const MOST_KEYS_BYTES = 256 * 2 ** 10;

const Claims = z.looseObject({
  iss: z.string(),
  sub: z.string().min(1).max(1_000).refine(isStorable),
  aud: z.union([z.string(), z.array(z.string())]).transform((aud) => [aud].flat()),
});
type Claims = z.infer<typeof Claims>;

/**
 * Acts for the tenant that trusts this issuer, audience and subject. A token that its issuer has signed and that does not count here is a refusal
 * in the log of the tenant it was meant for, where only one comes into question.
 */
export async function authenticateExternal(
  platform: Platform,
  token: string,
  issuer: string | undefined,
): Promise<Identified> {
  const trusted = trustedIssuers(platform.env).filter((entry) => entry.issuer === issuer);
  const { claims, refusal: unsound } = await verify(platform, token, trusted);
  const addressed = trusted.filter(({ audience }) => claims.aud.includes(audience));
  const meant = addressed.filter((entry) => isMeant(entry, claims));
  const refusal =
    unsound ??
    (meant.length === 0 ? new DomainError('unauthenticated', 'no tenant trusts the subject of this token') : undefined);

  const [entry, ...others] = [meant, addressed, trusted].find((entries) => entries.length > 0) ?? [];
  if (!entry || others.some(({ tenantId }) => tenantId !== entry.tenantId))
    throw refusal ?? new DomainError('unauthenticated', 'this token fits what several tenants trust');
  const [tenant] = await platform.db
    .select({ id: tenants.id, handle: tenants.handle })
    .from(tenants)
    .where(eq(tenants.id, entry.tenantId));
  if (!tenant) throw new DomainError('unauthenticated', 'the tenant of this issuer does not live in this cell');
  return {
    ctx: {
      ...platform,
      actor: actorOf(platform, 'external', `${claims.iss}#${claims.sub}`),
      tenant,
      permissions: new Set(refusal ? [] : PERMISSIONS_OF[entry.role]),
      credential: 'external',
    },
    ...(refusal ? { refusal } : {}),
  };
}

/** What the token says is known to be said by its issuer also where it is refused for that. */
async function verify(
  { now }: Platform,
  token: string,
  trusted: readonly TrustedIssuer[],
): Promise<{ readonly claims: Claims; readonly refusal?: DomainError }> {
  const [first] = trusted;
  if (!first) throw new DomainError('unauthenticated', 'this token comes from an issuer that is not known here');
  try {
    const { payload } = await jwtVerify(token, keysAt(first.jwksUri), {
      algorithms: ALGORITHMS,
      issuer: first.issuer,
      audience: trusted.map(({ audience }) => audience),
      requiredClaims: ['exp', 'sub'],
      currentDate: now(),
    });
    return { claims: Claims.parse(payload) };
  } catch (error) {
    const refusal = refusalOfToken(error);
    const claims = isRefusedByClaims(error) ? Claims.safeParse(error.payload) : undefined;
    if (!claims?.success) throw refusal;
    return { claims: claims.data, refusal };
  }
}

const keySets = new Map<string, RemoteJWKSet>();

function keysAt(jwksUri: string): RemoteJWKSet {
  const keys =
    keySets.get(jwksUri) ??
    createRemoteJWKSet(new URL(jwksUri), {
      timeoutDuration: KEYS_TIMEOUT_MS,
      [customFetch]: async (url, { headers, signal }) => {
        const response = await fetch(url, { headers, signal, redirect: 'manual' });
        const body = response.body && (await readBounded(response.body.getReader(), MOST_KEYS_BYTES));
        return new Response(body, { status: response.status });
      },
    });
  keySets.set(jwksUri, keys);
  return keys;
}
