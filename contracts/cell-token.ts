import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  type RemoteJWKSet,
} from 'jose';

import type { Cell } from './cells.ts';
import { DomainError } from './errors.ts';
import { CELL_TOKEN_LIFETIME_S, cellOfSpiffeId, type ROUTER_AUDIENCE } from './identity.ts';
import { refusalOfToken } from './token-fault.ts';

/** A way to one cell that nobody else can answer on. */
export interface CellBinding {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** Whoever sends tokens of unknown keys makes one request a second of them, and no more. */
const COOLDOWN_MS = 1_000;

/** The keys that cells publish, kept for a while; an unknown key id fetches them again. One for each Worker. */
export class CellKeys {
  readonly #sets = new Map<Cell, RemoteJWKSet>();

  of(cell: Cell, binding: CellBinding): RemoteJWKSet {
    const keys =
      this.#sets.get(cell) ??
      createRemoteJWKSet(new URL(`https://${cell}.soma.internal/.well-known/jwks.json`), {
        timeoutDuration: 5_000,
        cooldownDuration: COOLDOWN_MS,
        cacheMaxAge: 5 * 60_000,
        [customFetch]: (url, { headers, signal }) => binding.fetch(url, { headers, signal }),
      });
    this.#sets.set(cell, keys);
    return keys;
  }
}

export interface CellTokenExpected {
  readonly trustDomain: string;
  readonly audience: Cell | typeof ROUTER_AUDIENCE;
  /** None for a cell that has no business here. */
  readonly keysOf: (cell: Cell) => RemoteJWKSet | undefined;
  readonly now: Date;
}

/**
 * Which cell calls, by the minute's token that it signed for this audience alone.
 * @throws unauthenticated · unavailable the cell does not say which keys are its own
 */
export async function verifyCellToken(authorization: string | null, expected: CellTokenExpected): Promise<Cell> {
  const token = /^Bearer (\S{1,4096})$/.exec(authorization ?? '')?.[1];
  const cell = token === undefined ? undefined : cellOfSpiffeId(expected.trustDomain, claimsOf(token)?.iss);
  const keys = cell && expected.keysOf(cell);
  if (token === undefined || cell === undefined || keys === undefined) {
    throw new DomainError('unauthenticated', 'expected the token of a cell');
  }
  try {
    await jwtVerify(token, patient(keys), {
      algorithms: ['ES256'],
      audience: expected.audience,
      requiredClaims: ['exp', 'iat'],
      maxTokenAge: CELL_TOKEN_LIFETIME_S,
      currentDate: expected.now,
    });
    return cell;
  } catch (error) {
    throw refusalOfToken(error);
  }
}

/** A key may be made a moment after the others were fetched, and is not asked for while that is a moment ago. */
function patient(keys: RemoteJWKSet): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !keys.coolingDown) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, COOLDOWN_MS);
      });
      return keys(header, token);
    }
  };
}

function claimsOf(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token);
  } catch {
    // Whatever this is, it is no token.
    return undefined;
  }
}
