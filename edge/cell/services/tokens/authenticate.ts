import { decodeJwt, jwtVerify } from 'jose';
import { z } from 'zod';

import { DomainError } from '#contracts/errors';
import { ACCESS_TOKEN_AUDIENCE, AccessTokenClaims } from '#contracts/identity';
import { idOf } from '#contracts/ids';
import { Permission } from '#contracts/permissions';
import { isRefusedByClaims, refusalOfToken } from '#contracts/token-fault';

import { actorOf, type Ctx, type Platform } from '../../context.ts';
import type { Identified } from '../accounts/credential.ts';
import { authenticateExternal } from './external.ts';
import { cellKeys } from './keys.ts';

const Claims = AccessTokenClaims.extend({
  tid: idOf('ten'),
  scope: z.string().transform((text) => z.array(Permission).parse(text === '' ? [] : text.split(' '))),
});

/** A JWT of this cell or of a configured external issuer. Who issued it decides which keys and which algorithms count. */
export async function authenticateAccessToken(platform: Platform, token: string): Promise<Identified> {
  const issuer = issuerOf(token);
  if (issuer !== platform.env.PUBLIC_URL) return authenticateExternal(platform, token, issuer);
  try {
    const { payload } = await jwtVerify(token, cellKeys(platform), {
      algorithms: ['ES256'],
      issuer,
      audience: ACCESS_TOKEN_AUDIENCE,
      requiredClaims: ['exp', 'iat', 'sub'],
      maxTokenAge: '15 minutes',
      currentDate: platform.now(),
    });
    const claims = Claims.parse(payload);
    if (claims.cell !== platform.cell) throw new DomainError('unauthenticated', `this token belongs to ${claims.cell}`);
    return { ctx: ctxOf(platform, claims) };
  } catch (error) {
    const refusal = refusalOfToken(error);
    // Where this cell has signed it, it is known whose it is: the refusal belongs in that tenant's log.
    const claims = isRefusedByClaims(error) ? Claims.safeParse(error.payload).data : undefined;
    if (claims?.cell !== platform.cell) throw refusal;
    return { ctx: ctxOf(platform, claims), refusal };
  }
}

function ctxOf(platform: Platform, claims: z.infer<typeof Claims>): Ctx {
  return {
    ...platform,
    actor: actorOf(platform, claims.role === 'api-key' ? 'api-key' : 'user', claims.sub),
    tenant: { id: claims.tid, handle: claims.handle },
    permissions: new Set(claims.scope),
    credential: 'access-token',
  };
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    throw refusalOfToken(error);
  }
}
