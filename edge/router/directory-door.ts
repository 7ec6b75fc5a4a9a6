import { verifyCellToken } from '#contracts/cell-token';
import { ClaimName, directoryShard } from '#contracts/directory';
import { InvalidInput, violationsOf } from '#contracts/errors';
import { ROUTER_AUDIENCE } from '#contracts/identity';

import type { RouterEnv } from './env.ts';
import { keysOf } from './keys.ts';

export const CLAIM_PATH = '/internal/directory/claim';

/** Claims a name for the cell that asks; a cell can claim for nobody but itself. */
export async function claimInDirectory(request: Request, env: RouterEnv): Promise<Response> {
  const cell = await verifyCellToken(request.headers.get('authorization'), {
    trustDomain: env.TRUST_DOMAIN,
    audience: ROUTER_AUDIENCE,
    keysOf: (caller) => keysOf(env, caller),
    now: new Date(),
  });
  const claim = ClaimName.safeParse(await request.json().catch(() => undefined));
  if (!claim.success) throw new InvalidInput('the claim is not valid', violationsOf(claim.error));
  const shard = env.DIRECTORY.get(env.DIRECTORY.idFromName(directoryShard(claim.data)));
  return Response.json(await shard.claim({ ...claim.data, cell }));
}
