import * as api from '#contracts/operations/capsules';

import { route, router } from '../openapi.ts';
import { openBundle } from '../services/capsules/open-bundle.ts';
import { publish } from '../services/capsules/publish.ts';
import { readUpload } from '../services/capsules/read-upload.ts';
import { setVersionStatus } from '../services/capsules/set-status.ts';
import { getCapsule } from '../services/catalogue/get-capsule.ts';
import { getVersion } from '../services/catalogue/get-version.ts';
import { searchCapsules } from '../services/catalogue/search.ts';
import { bundleResponse } from './bundle-response.ts';

export const capsules = router()
  .openapi(route(api.search), async (c) =>
    c.json(await searchCapsules({ ctx: c.var.platform, input: c.req.valid('query') }), 200),
  )
  .openapi(route(api.get), async (c) =>
    c.json(await getCapsule({ ctx: c.var.platform, input: c.req.valid('param') }), 200),
  )
  .openapi(route(api.getVersion), async (c) =>
    c.json(await getVersion({ ctx: c.var.platform, input: c.req.valid('param') }), 200),
  )
  .openapi(route(api.download), async (c) =>
    bundleResponse(await openBundle({ ctx: c.var.platform, input: c.req.valid('param') })),
  )
  .openapi(route(api.publish), async (c) => {
    const input = { path: c.req.valid('param'), upload: await readUpload(c.req.raw) };
    const { version, isNew } = await publish({ ctx: c.var.ctx, input });
    return isNew ? c.json(version, 201) : c.json(version, 200);
  })
  .openapi(route(api.setStatus), async (c) =>
    c.json(
      await setVersionStatus({ ctx: c.var.ctx, input: { path: c.req.valid('param'), change: c.req.valid('json') } }),
      200,
    ),
  );
