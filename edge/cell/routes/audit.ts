import * as api from '#contracts/operations/audit';

import { route, router } from '../openapi.ts';
import { auditCheckpoint } from '../services/audit/checkpoint.ts';
import { auditEntriesAfter } from '../services/audit/entries.ts';
import { listAudit } from '../services/audit/list.ts';

export const audit = router()
  .openapi(route(api.list), async (c) => c.json(await listAudit({ ctx: c.var.ctx, input: c.req.valid('query') }), 200))
  .openapi(route(api.checkpoint), async (c) => c.json(await auditCheckpoint({ ctx: c.var.ctx }), 200))
  .openapi(route(api.entries), async (c) =>
    c.json(await auditEntriesAfter({ ctx: c.var.ctx, input: c.req.valid('query') }), 200),
  );
