import { NEXT_CURSOR_HEADER } from '#contracts/api/datasets';
import { Json } from '#contracts/json';
import * as api from '#contracts/operations/datasets';

import { route, router } from '../openapi.ts';
import { type DatasetPage, readDataset } from '../services/datasets/items.ts';
import { listDatasets } from '../services/datasets/list.ts';
import { removeDataset } from '../services/datasets/remove.ts';
import { setDatasetRetention } from '../services/datasets/set-retention.ts';

const NDJSON = 'application/x-ndjson';

export const datasets = router()
  .openapi(route(api.list), async (c) =>
    c.json({ items: await listDatasets({ ctx: c.var.ctx, input: c.req.valid('param') }) }, 200),
  )
  .openapi(route(api.items), async (c) => {
    const input = { path: c.req.valid('param'), query: c.req.valid('query') };
    const page = await readDataset({ ctx: c.var.ctx, input });
    if (c.req.header('accept')?.includes(NDJSON)) return linesOf(page);
    return c.json({ items: page.lines.map((line) => Json.parse(JSON.parse(line))), next: page.next }, 200);
  })
  .openapi(route(api.remove), async (c) => {
    await removeDataset({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  })
  .openapi(route(api.setRetention), async (c) => {
    const input = { path: c.req.valid('param'), retention: c.req.valid('json') };
    return c.json(await setDatasetRetention({ ctx: c.var.ctx, input }), 200);
  });

function linesOf({ lines, next }: DatasetPage): Response {
  return new Response(lines.map((line) => `${line}\n`).join(''), {
    headers: { 'content-type': NDJSON, ...(next === null ? {} : { [NEXT_CURSOR_HEADER]: next }) },
  });
}
