import { verifyCellToken } from '#contracts/cell-token';
import type { Cell } from '#contracts/cells';

import { keysOfPeer } from '../../clients/peer.ts';
import type { Platform } from '../../context.ts';

/** Another cell, by a minute's token that it signed for this cell alone. @throws unauthenticated · unavailable */
export async function identifyPeer({ cell, env, now }: Platform, authorization: string | undefined): Promise<Cell> {
  return verifyCellToken(authorization ?? null, {
    trustDomain: env.TRUST_DOMAIN,
    audience: cell,
    keysOf: (peer) => keysOfPeer(env, peer),
    now: now(),
  });
}
