import * as api from '#contracts/operations/schedules';

import { route, router } from '../openapi.ts';
import { createSchedule } from '../services/schedules/create.ts';
import { getSchedule } from '../services/schedules/get.ts';
import { listSchedules } from '../services/schedules/list.ts';
import { removeSchedule } from '../services/schedules/remove.ts';
import { updateSchedule } from '../services/schedules/update.ts';

export const schedules = router()
  .openapi(route(api.create), async (c) =>
    c.json(await createSchedule({ ctx: c.var.ctx, input: c.req.valid('json') }), 201),
  )
  .openapi(route(api.list), async (c) =>
    c.json(await listSchedules({ ctx: c.var.ctx, input: c.req.valid('query') }), 200),
  )
  .openapi(route(api.get), async (c) => c.json(await getSchedule({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(route(api.update), async (c) => {
    const input = { id: c.req.valid('param').id, change: c.req.valid('json') };
    return c.json(await updateSchedule({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.remove), async (c) => {
    await removeSchedule({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
