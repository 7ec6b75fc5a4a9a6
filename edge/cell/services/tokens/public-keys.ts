import { z } from 'zod';

import type { Platform, VerbWithoutInput } from '../../context.ts';
import { accounts } from '../accounts/auth.ts';

const PublicKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  alg: z.literal('ES256'),
  kid: z.string(),
});

/** The public half of every key whose tokens still count, and no other field of it. */
export async function publicKeys({ ctx }: VerbWithoutInput<Platform>): Promise<z.infer<typeof PublicKey>[]> {
  const { keys } = await accounts(ctx, ctx.db).api.getJwks();
  return z.array(PublicKey).parse(keys);
}
