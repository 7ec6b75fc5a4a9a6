import type { Cell } from '#contracts/cells';
import { CELL_TOKEN_LIFETIME_S, cellSpiffeId, type ROUTER_AUDIENCE } from '#contracts/identity';

import type { Platform } from '../../context.ts';
import { signClaims } from './sign.ts';

/** Proves to the router or to a peer that this cell calls: a minute's ES256 JWT for that one audience. */
export async function mintCellToken(platform: Platform, audience: Cell | typeof ROUTER_AUDIENCE): Promise<string> {
  const issuedAt = Math.floor(platform.now().getTime() / 1_000);
  const spiffeId = cellSpiffeId(platform.env.TRUST_DOMAIN, platform.cell);
  return signClaims(platform, {
    iss: spiffeId,
    sub: spiffeId,
    aud: audience,
    iat: issuedAt,
    exp: issuedAt + CELL_TOKEN_LIFETIME_S,
  });
}
