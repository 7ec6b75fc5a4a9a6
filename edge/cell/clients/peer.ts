import { createRemoteJWKSet, customFetch, type RemoteJWKSet } from 'jose';

import type { Cell } from '#contracts/cells';
import { Unavailable } from '#contracts/errors';

import type { Platform } from '../context.ts';
import type { CellEnv } from '../env.ts';
import { mintCellToken } from '../services/tokens/cell-token.ts';

/** Calls another cell's internal API as this cell. What crosses here is public or opaque; no tenant's data does. */
export async function callPeer(platform: Platform, peer: Cell, path: `/internal/v1/${string}`, init: RequestInit) {
  const binding = bindingOf(platform.env, peer);
  if (!binding) throw new Unavailable(`this cell is not bound to ${peer}`);
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${await mintCellToken(platform, peer)}`);
  headers.set('x-request-id', platform.requestId);
  return binding.fetch(new Request(`https://${peer}.soma.internal${path}`, { ...init, headers }));
}

const keySets = new Map<Cell, RemoteJWKSet>();

/** The keys a peer publishes, fetched over the binding, which only that peer can answer. */
export function peerKeys(env: CellEnv, peer: Cell): RemoteJWKSet {
  const binding = bindingOf(env, peer);
  if (!binding) throw new Unavailable(`this cell is not bound to ${peer}`);
  const keys =
    keySets.get(peer) ??
    createRemoteJWKSet(new URL(`https://${peer}.soma.internal/.well-known/jwks.json`), {
      cooldownDuration: 1_000,
      [customFetch]: (url, { headers, signal }) => binding.fetch(url, { headers, signal }),
    });
  keySets.set(peer, keys);
  return keys;
}

function bindingOf(env: CellEnv, cell: Cell): Fetcher | undefined {
  const bindings: Record<Cell, Fetcher | undefined> = {
    'us-west-2': env.PEER_US_WEST_2,
    'eu-west-1': env.PEER_EU_WEST_1,
  };
  return bindings[cell];
}
