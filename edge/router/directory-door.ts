import { decodeJwt, errors, jwtVerify } from 'jose';

import { type Cell } from '#contracts/cells';
import { ClaimName, directoryShard } from '#contracts/directory';
import { DomainError, InvalidInput, Unavailable, violationsOf } from '#contracts/errors';
import { CELL_TOKEN_LIFETIME_S, cellOfSpiffeId, ROUTER_AUDIENCE } from '#contracts/identity';

import type { RouterEnv } from './env.ts';
import { keysOf } from './keys.ts';

export const CLAIM_PATH = '/internal/directory/claim';

/** Claims a name for the cell that asks; a cell can claim for nobody but itself. */
export async function claimInDirectory(request: Request, env: RouterEnv): Promise<Response> {
  const cell = await callingCell(request, env);
  const claim = ClaimName.safeParse(await request.json().catch(() => undefined));
  if (!claim.success) throw new InvalidInput('the claim is not valid', violationsOf(claim.error));
  const shard = env.DIRECTORY.get(env.DIRECTORY.idFromName(directoryShard(claim.data)));
  return Response.json(await shard.claim({ ...claim.data, cell }));
}

async function callingCell(request: Request, env: RouterEnv): Promise<Cell> {
  const token = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
  if (token === undefined) throw new DomainError('unauthenticated', 'expected the token of a cell');
  const cell = claimedCell(token, env);
  try {
    await jwtVerify(token, keysOf(env, cell), {
      algorithms: ['ES256'],
      audience: ROUTER_AUDIENCE,
      requiredClaims: ['exp', 'iat'],
      maxTokenAge: CELL_TOKEN_LIFETIME_S,
    });
    return cell;
  } catch (error) {
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) {
      throw new DomainError('unauthenticated', `this token is not valid (${error.code})`);
    }
    throw new Unavailable(`${cell} does not say which keys are its own`, { cause: error });
  }
}

function claimedCell(token: string, env: RouterEnv): Cell {
  try {
    const cell = cellOfSpiffeId(env.TRUST_DOMAIN, decodeJwt(token).iss);
    if (cell) return cell;
  } catch {
    // Whatever this is, it is no token.
  }
  throw new DomainError('unauthenticated', 'expected the token of a cell');
}
