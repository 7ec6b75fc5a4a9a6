import { PageQuery } from '#contracts/api/paging';
import { CreateSchedule, Schedule, SchedulePage, SchedulePath, UpdateSchedule } from '#contracts/api/schedules';

import { route, router } from '../openapi.ts';
import { createSchedule } from '../services/schedules/create.ts';
import { getSchedule } from '../services/schedules/get.ts';
import { listSchedules } from '../services/schedules/list.ts';
import { removeSchedule } from '../services/schedules/remove.ts';
import { updateSchedule } from '../services/schedules/update.ts';

const tags = ['Schedules'];
const schedule = { 'application/json': { schema: Schedule } };

const create = route({
  method: 'post',
  path: '/v1/schedules',
  tags,
  summary: 'Run an installation at the instants of a time table',
  description:
    'Every instant starts at most one run. What was missed while the cell was away is made up for by one run, of the latest instant.',
  access: 'tenant',
  audit: 'schedule.create',
  request: { body: { required: true, content: { 'application/json': { schema: CreateSchedule } } } },
  responses: { 201: { description: 'The schedule', content: schedule } },
});

const list = route({
  method: 'get',
  path: '/v1/schedules',
  tags,
  summary: "The tenant's schedules",
  access: 'tenant',
  audit: 'none: read',
  request: { query: PageQuery },
  responses: { 200: { description: 'Newest first', content: { 'application/json': { schema: SchedulePage } } } },
});

const get = route({
  method: 'get',
  path: '/v1/schedules/{id}',
  tags,
  summary: 'One schedule',
  access: 'tenant',
  audit: 'none: read',
  request: { params: SchedulePath },
  responses: { 200: { description: 'The schedule', content: schedule } },
});

const update = route({
  method: 'patch',
  path: '/v1/schedules/{id}',
  tags,
  summary: 'Change a schedule; a new time table counts from now on',
  access: 'tenant',
  audit: 'schedule.update',
  request: {
    params: SchedulePath,
    body: { required: true, content: { 'application/json': { schema: UpdateSchedule } } },
  },
  responses: { 200: { description: 'As it is now', content: schedule } },
});

const remove = route({
  method: 'delete',
  path: '/v1/schedules/{id}',
  tags,
  summary: 'Remove a schedule; its runs stay',
  access: 'tenant',
  audit: 'schedule.remove',
  request: { params: SchedulePath },
  responses: { 204: { description: 'Removed' } },
});

export const schedules = router()
  .openapi(create, async (c) => c.json(await createSchedule({ ctx: c.var.ctx, input: c.req.valid('json') }), 201))
  .openapi(list, async (c) => c.json(await listSchedules({ ctx: c.var.ctx, input: c.req.valid('query') }), 200))
  .openapi(get, async (c) => c.json(await getSchedule({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(update, async (c) => {
    const input = { id: c.req.valid('param').id, change: c.req.valid('json') };
    return c.json(await updateSchedule({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(remove, async (c) => {
    await removeSchedule({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
