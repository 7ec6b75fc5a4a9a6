import type { JWK, RemoteJWKSet } from 'jose';

import { CellKeys } from '#contracts/cell-token';
import { type Cell, CELLS } from '#contracts/cells';

import { bindingOf, type RouterEnv } from './env.ts';

const cellKeys = new CellKeys();

export function keysOf(env: RouterEnv, cell: Cell): RemoteJWKSet {
  return cellKeys.of(cell, bindingOf(env, cell));
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
