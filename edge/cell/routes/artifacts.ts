import * as api from '#contracts/operations/artifacts';

import { route, router } from '../openapi.ts';
import { listArtifacts } from '../services/artifacts/list.ts';
import { openArtifact } from '../services/artifacts/open.ts';
import { downloadResponse } from './download-response.ts';

export const artifacts = router()
  .openapi(route(api.list), async (c) =>
    c.json(await listArtifacts({ ctx: c.var.ctx, input: c.req.valid('param') }), 200),
  )
  .openapi(route(api.download), async (c) =>
    downloadResponse(await openArtifact({ ctx: c.var.platform, input: c.req.valid('param') })),
  );
