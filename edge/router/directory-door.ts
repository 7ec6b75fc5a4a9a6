import { verifyCellToken } from '#contracts/cell-token';
import { ClaimName, directoryShard } from '#contracts/directory';
import { InvalidInput, violationsOf } from '#contracts/errors';
import { ROUTER_AUDIENCE } from '#contracts/identity';
import { readWithin } from '#contracts/request-body';

import type { RouterEnv } from './env.ts';
import { keysOf } from './keys.ts';

const BODY_BOUNDS = { maxBytes: 4_096, withinMs: 10_000 };
export const CLAIM_PATH = '/internal/directory/claim';

/** Claims a name for the cell that asks; a cell can claim for nobody but itself. */
export async function claimInDirectory(request: Request, env: RouterEnv): Promise<Response> {
  const cell = await verifyCellToken(request.headers.get('authorization'), {
    trustDomain: env.TRUST_DOMAIN,
    audience: ROUTER_AUDIENCE,
    keysOf: (caller) => keysOf(env, caller),
    now: new Date(),
  });
  const claim = ClaimName.safeParse(await jsonOf(request));
  if (!claim.success) throw new InvalidInput('the claim is not valid', violationsOf(claim.error));
  const shard = env.DIRECTORY.get(env.DIRECTORY.idFromName(directoryShard(claim.data)));
  return Response.json(await shard.claim({ ...claim.data, cell }));
}

async function jsonOf({ body }: Request): Promise<unknown> {
  const text = body ? new TextDecoder().decode(await readWithin(BODY_BOUNDS, body)) : '';
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
