import { decodeJwt, jwtVerify } from 'jose';

import { Cell, CELLS } from '#contracts/cells';
import { DomainError } from '#contracts/errors';
import { ACCESS_TOKEN_AUDIENCE, cookiePrefix, parseOpaqueCredential } from '#contracts/identity';
import { isRefusedByClaims, refusalOfToken } from '#contracts/token-fault';

import type { RouterEnv } from './env.ts';
import { keysOf } from './keys.ts';

/** Which cell a request belongs to and what said so; the cell verifies the credential again. */
export interface Home {
  readonly cell: Cell;
  readonly because: 'credential' | 'cookie' | 'token' | 'soma-region' | 'directory' | 'region';
}

/**
 * Reads the home cell from what the caller presents. `undefined`: nothing was presented.
 * @throws unauthenticated a credential without a cell, or a token no cell of ours has signed · unavailable its cell cannot be asked
 */
export async function homeOf(request: Request, env: RouterEnv): Promise<Home | undefined> {
  const authorization = request.headers.get('authorization');
  if (authorization !== null) return homeOfBearer(authorization, request, env);

  const cookies = request.headers.get('cookie') ?? '';
  const signedIn = CELLS.filter((cell) => cookies.includes(`${cookiePrefix(cell)}.session_token=`));
  const chosen = chosenRegion(request);
  const cell = signedIn.find((candidate) => candidate === chosen) ?? signedIn[0];
  return cell === undefined ? undefined : { cell, because: 'cookie' };
}

async function homeOfBearer(authorization: string, request: Request, env: RouterEnv): Promise<Home> {
  const bearer = /^Bearer (\S{20,4096})$/i.exec(authorization)?.[1];
  if (bearer === undefined) throw new DomainError('unauthenticated', 'expected Authorization: Bearer and a credential');
  const opaque = parseOpaqueCredential(bearer);
  if (opaque) return { cell: opaque.cell, because: 'credential' };

  const claims = readClaims(bearer);
  if (claims.iss !== env.PUBLIC_URL) {
    const cell = chosenRegion(request);
    if (cell) return { cell, because: 'soma-region' };
    throw new DomainError(
      'unauthenticated',
      'with a token of another issuer, name the region in the header soma-region',
    );
  }
  const cell = Cell.safeParse(claims['cell']);
  if (!cell.success) throw new DomainError('unauthenticated', 'this access token names no cell');
  await verify(bearer, cell.data, env);
  return { cell: cell.data, because: 'token' };
}

function readClaims(token: string) {
  try {
    return decodeJwt(token);
  } catch {
    throw new DomainError('unauthenticated', 'this is neither an API key, a session nor an access token');
  }
}

async function verify(token: string, cell: Cell, env: RouterEnv): Promise<void> {
  try {
    await jwtVerify(token, keysOf(env, cell), {
      algorithms: ['ES256'],
      issuer: env.PUBLIC_URL,
      audience: ACCESS_TOKEN_AUDIENCE,
    });
  } catch (error) {
    // One that the cell has signed is refused there too, where the refusal can be written into the tenant's log.
    if (isRefusedByClaims(error)) return;
    throw refusalOfToken(error);
  }
}

/** A hint that only counts where the credential itself says nothing. */
export function chosenRegion(request: Request): Cell | undefined {
  return Cell.safeParse(request.headers.get('soma-region')).data;
}
