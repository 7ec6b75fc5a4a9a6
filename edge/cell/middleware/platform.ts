import type { MiddlewareHandler } from 'hono';

import { idOf } from '#contracts/ids';

import { type AppEnv, openPlatform } from '../context.ts';

const GivenRequestId = idOf('req');

/** Opens the cell for one request. An id that the router gave the request is kept, so that both log under the same one. */
export const platform: MiddlewareHandler<AppEnv> = async (c, next) => {
  const given = GivenRequestId.safeParse(c.req.header('x-request-id'));
  const opened = openPlatform({
    env: c.env,
    afterwards: (work) => c.executionCtx.waitUntil(work),
    ...(given.success ? { requestId: given.data } : {}),
    ip: c.req.header('cf-connecting-ip'),
  });
  c.set('platform', opened);
  await next();
  c.header('x-request-id', opened.requestId);
  c.header('soma-cell', opened.cell);
  c.header('soma-zone', opened.zone);
};
