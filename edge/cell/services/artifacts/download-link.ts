import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

import { DOWNLOAD_PREFIX } from '#contracts/api/artifacts';
import { Sha256Hex } from '#contracts/artifact';
import { DomainError, NotFound } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import { isTokenFault } from '#contracts/token-fault';

import type { Ctx, Platform } from '../../context.ts';

const LIFETIME_S = 5 * 60;
const ALGORITHM = 'HS256';

/** What a link gives away: these bytes, under this name. */
const Download = z.object({ sub: idOf('ten'), sha256: Sha256Hex, path: z.string() });
export type Download = z.infer<typeof Download>;

/** Links for one answer: they need no credential, lead to this cell, and end together. */
export async function downloadLinks(ctx: Ctx) {
  const { cell, env, now, tenant } = ctx;
  const issuedAtS = Math.floor(now().getTime() / 1_000);
  const expiresAtS = issuedAtS + LIFETIME_S;
  const key = await signingKey(ctx);
  const linkTo = async ({ sha256, path }: { readonly sha256: string; readonly path: string }) => {
    const token = await new SignJWT({ sha256, path })
      .setProtectedHeader({ alg: ALGORITHM })
      .setSubject(tenant.id)
      .setIssuedAt(issuedAtS)
      .setExpirationTime(expiresAtS)
      .sign(key);
    return new URL(`${DOWNLOAD_PREFIX}${cell}/${token}`, env.PUBLIC_URL).href;
  };
  return { linkTo, expiresAt: new Date(expiresAtS * 1_000) };
}

/** @throws NotFound this cell made no such link · DomainError `gone` it has expired */
export async function readDownload(platform: Platform, token: string): Promise<Download> {
  try {
    const { payload } = await jwtVerify(token, await signingKey(platform), {
      algorithms: [ALGORITHM],
      requiredClaims: ['exp', 'sub'],
      currentDate: platform.now(),
    });
    return Download.parse(payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new DomainError('gone', 'this link has expired; ask for a new one');
    if (isTokenFault(error) || error instanceof z.ZodError) throw new NotFound('download');
    throw error;
  }
}

/** Made of the cell's own secret, for this purpose alone (HKDF, RFC 5869): what is signed for something else is no link. */
async function signingKey({ env }: Platform): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const secret = await crypto.subtle.importKey('raw', encoder.encode(env.AUTH_SECRET), 'HKDF', false, ['deriveBits']);
  const purpose = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('soma download links'),
  };
  return new Uint8Array(await crypto.subtle.deriveBits(purpose, secret, 256));
}
