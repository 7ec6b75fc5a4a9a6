import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';

import type { Platform } from '../../context.ts';
import { publicKeys } from './public-keys.ts';

const FRESH_MS = 5 * 60_000;
/** An unknown key id may be a key made a moment ago; a flood of forged ones must not become a flood of reads. */
const COOLDOWN_MS = 1_000;

interface Cached {
  readonly readAtMs: number;
  readonly find: ReturnType<typeof createLocalJWKSet>;
}

/** One isolate serves one cell, so one key set is all there is. */
let cached: Cached | undefined;

/** The cell's own public keys, read from its database and kept for a while; an unknown key id reads them again. */
export function cellKeys(platform: Platform): JWTVerifyGetKey {
  return async (header, token) => {
    const age = cached ? Date.now() - cached.readAtMs : Infinity;
    if (!cached || age > FRESH_MS) cached = await readKeys(platform);
    try {
      return await cached.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || Date.now() - cached.readAtMs < COOLDOWN_MS) throw error;
      cached = await readKeys(platform);
      return cached.find(header, token);
    }
  };
}

async function readKeys(platform: Platform): Promise<Cached> {
  const readAtMs = Date.now();
  return { readAtMs, find: createLocalJWKSet({ keys: await publicKeys({ ctx: platform }) }) };
}
