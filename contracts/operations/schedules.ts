import { PageQuery } from '../api/paging.ts';
import { CreateSchedule, Schedule, SchedulePage, SchedulePath, UpdateSchedule } from '../api/schedules.ts';
import { operation } from '../operation.ts';

const tags = ['Schedules'];
const schedule = { 'application/json': { schema: Schedule } };

export const create = operation({
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

export const list = operation({
  method: 'get',
  path: '/v1/schedules',
  tags,
  summary: "The tenant's schedules",
  access: 'tenant',
  audit: 'none: read',
  request: { query: PageQuery },
  responses: { 200: { description: 'Newest first', content: { 'application/json': { schema: SchedulePage } } } },
});

export const get = operation({
  method: 'get',
  path: '/v1/schedules/{id}',
  tags,
  summary: 'One schedule',
  access: 'tenant',
  audit: 'none: read',
  request: { params: SchedulePath },
  responses: { 200: { description: 'The schedule', content: schedule } },
});

export const update = operation({
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

export const remove = operation({
  method: 'delete',
  path: '/v1/schedules/{id}',
  tags,
  summary: 'Remove a schedule; its runs stay',
  access: 'tenant',
  audit: 'schedule.remove',
  request: { params: SchedulePath },
  responses: { 204: { description: 'Removed' } },
});
