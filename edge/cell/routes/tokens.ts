import * as api from '#contracts/operations/tokens';

import { route, router } from '../openapi.ts';
import { issueToken } from '../services/tokens/issue.ts';

export const tokens = router().openapi(route(api.issue), async (c) =>
  c.json(await issueToken({ ctx: c.var.ctx }), 201),
);
