import type { z } from 'zod';

import { type ClaimName, NameClaim } from '#contracts/directory';
import { Unavailable } from '#contracts/errors';
import { ROUTER_AUDIENCE } from '#contracts/identity';

import type { Platform } from '../context.ts';
import { mintCellToken } from '../services/tokens/cell-token.ts';

/** Claims a name for this cell in the global directory; the same owner may claim it again. */
export async function claimName(platform: Platform, request: ClaimName): Promise<NameClaim> {
  return ask(platform, 'claim', request, NameClaim);
}

async function ask<T extends z.ZodType>(platform: Platform, operation: string, body: object, answer: T) {
  const response = await platform.env.ROUTER.fetch(`https://router.soma.internal/internal/directory/${operation}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await mintCellToken(platform, ROUTER_AUDIENCE)}`,
      'x-request-id': platform.requestId,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  }).catch((cause: unknown) => {
    throw new Unavailable('the global directory does not answer', { cause });
  });
  if (!response.ok) throw new Unavailable(`the global directory answered ${response.status}`);
  return answer.parse(await response.json());
}
