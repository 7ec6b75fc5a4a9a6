import { methodNotAllowed } from 'hono/method-not-allowed';

import { DomainError } from '#contracts/errors';
import { problemResponse } from '#contracts/problem';

import { platform } from './middleware/platform.ts';
import { refuse } from './middleware/refusals.ts';
import { router } from './openapi.ts';

/**
 * The order is the point: every request gets an id and a cell first; a route then bounds the body and the time, finds out
 * who calls (`route({ access })`), and only then parses. Whatever is thrown on the way, `refuse` answers.
 */
function createApp() {
  const app = router();
  app.onError(refuse);
  app.notFound((c) => problemResponse(new DomainError('not_found', 'no such path'), c.var.platform.requestId));
  app.use(platform);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allow) =>
        problemResponse(
          new DomainError('method_not_allowed', `this path takes ${allow.join(', ')}`, { allow }),
          c.res.headers.get('x-request-id') ?? '',
        ),
    }),
  );
  return app;
}

export const app = createApp();
export type App = typeof app;
