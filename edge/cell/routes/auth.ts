import type { Context } from 'hono';

import * as api from '#contracts/operations/accounts';

import { route, router } from '../openapi.ts';
import { decideDevice, pollDevice, startDevice } from '../services/accounts/device.ts';
import { me } from '../services/accounts/me.ts';
import { signIn } from '../services/accounts/sign-in.ts';
import { signOut } from '../services/accounts/sign-out.ts';
import { type SignedIn, signUp } from '../services/accounts/sign-up.ts';

function giveCookies(c: Context, { setCookies }: Pick<SignedIn, 'setCookies'>): void {
  for (const cookie of setCookies) c.header('set-cookie', cookie, { append: true });
}

export const auth = router()
  .openapi(route(api.signUp), async (c) => {
    const signedIn = await signUp({ ctx: c.var.platform, input: c.req.valid('json') });
    giveCookies(c, signedIn);
    return c.json(signedIn.account, 201);
  })
  .openapi(route(api.signIn), async (c) => {
    const signedIn = await signIn({ ctx: c.var.platform, input: c.req.valid('json') });
    giveCookies(c, signedIn);
    return c.json(signedIn.account, 200);
  })
  .openapi(route(api.signOut), async (c) => {
    giveCookies(c, await signOut({ ctx: c.var.person }));
    return c.body(null, 204);
  })
  .openapi(route(api.startDevice), async (c) =>
    c.json(await startDevice({ ctx: c.var.platform, input: c.req.valid('json') }), 200),
  )
  .openapi(route(api.pollDevice), async (c) =>
    c.json(await pollDevice({ ctx: c.var.platform, input: c.req.valid('json') }), 200),
  )
  .openapi(route(api.decideDevice), async (c) => {
    await decideDevice({ ctx: c.var.person, input: c.req.valid('json') });
    return c.body(null, 204);
  })
  .openapi(route(api.me), async (c) => c.json(await me({ ctx: c.var.caller }), 200));
