import * as api from '#contracts/operations/layers';

import { route, router } from '../openapi.ts';
import { readUpload } from '../services/capsules/read-upload.ts';
import { listLayers } from '../services/layers/list.ts';
import { openLayer } from '../services/layers/open.ts';
import { publishLayer } from '../services/layers/publish.ts';
import { bundleResponse } from './bundle-response.ts';

export const layers = router()
  .openapi(route(api.publish), async (c) => {
    const { layer, isNew } = await publishLayer({ ctx: c.var.ctx, input: await readUpload(c.req.raw) });
    return isNew ? c.json(layer, 201) : c.json(layer, 200);
  })
  .openapi(route(api.list), async (c) => c.json(await listLayers({ ctx: c.var.ctx, input: c.req.valid('query') }), 200))
  .openapi(route(api.download), async (c) =>
    bundleResponse(await openLayer({ ctx: c.var.platform, input: c.req.valid('param') })),
  );
