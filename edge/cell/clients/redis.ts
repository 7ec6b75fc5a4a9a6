import { Redis } from '@upstash/redis/cloudflare';

import type { CellEnv } from '../env.ts';

const TIMEOUT_MS = 1_500;

/** The cell's Redis: counters that may be lost, never a record. */
export function openRedis(env: CellEnv, timeoutMs = TIMEOUT_MS): Redis {
  return new Redis({
    url: env.UPSTASH_REDIS_REST_URL,
    token: env.UPSTASH_REDIS_REST_TOKEN,
    enableTelemetry: false,
    retry: false,
    signal: () => AbortSignal.timeout(timeoutMs),
  });
}
