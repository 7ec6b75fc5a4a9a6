import { createRemoteJWKSet, customFetch, type JWK, type RemoteJWKSet } from 'jose';

import { type Cell, CELLS } from '#contracts/cells';

import { bindingOf, type RouterEnv } from './env.ts';

const keySets = new Map<Cell, RemoteJWKSet>();

/** A cell's published keys, fetched over the binding that only this cell can answer; an unknown key id fetches them again. */
export function keysOf(env: RouterEnv, cell: Cell): RemoteJWKSet {
  const keys =
    keySets.get(cell) ??
    createRemoteJWKSet(new URL(`https://${cell}.soma.internal/.well-known/jwks.json`), {
      timeoutDuration: 5_000,
      cooldownDuration: 1_000,
      cacheMaxAge: 5 * 60_000,
      [customFetch]: (url, { headers, signal }) => bindingOf(env, cell).fetch(url, { headers, signal }),
    });
  keySets.set(cell, keys);
  return keys;
}

/** The keys of all cells together. Those of a cell that is down are the ones last seen; a key that is not there verifies nothing. */
export async function allKeys(env: RouterEnv): Promise<JWK[]> {
  const sets = await Promise.all(
    CELLS.map(async (cell) => {
      const keys = keysOf(env, cell);
      if (!keys.fresh) await keys.reload().catch(() => undefined);
      return keys.jwks()?.keys ?? [];
    }),
  );
  return sets.flat();
}
