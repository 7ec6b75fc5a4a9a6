import { z } from '@hono/zod-openapi';

import {
  RerunRequest,
  RunEventsHeaders,
  RunEventsQuery,
  RunPage,
  RunPath,
  RunQuery,
  RunReceipt,
  StartRunHeaders,
  StartRunRequest,
} from '#contracts/api/runs';
import { Run } from '#contracts/run';

import { route, router } from '../openapi.ts';
import { cancelRun } from '../services/runs/cancel.ts';
import { getRunReceipt } from '../services/runs/get-receipt.ts';
import { getRun } from '../services/runs/get.ts';
import { listRuns } from '../services/runs/list.ts';
import { rerun } from '../services/runs/rerun.ts';
import { startRun } from '../services/runs/start.ts';
import { eventsOf, watchRun } from '../services/runs/watch.ts';

const tags = ['Runs'];
const run = { 'application/json': { schema: Run } };
const EVENT_STREAM = 'text/event-stream';
const events = {
  [EVENT_STREAM]: {
    schema: z
      .string()
      .describe(
        'First `run` with the run, then its frames (`id`: sequence number, `event`: kind, `data`: JSON) until `end`',
      ),
  },
};

const start = route({
  method: 'post',
  path: '/v1/runs',
  tags,
  summary: 'Run an installed capsule',
  description: 'With `Accept: text/event-stream` the answer is the stream of the run itself.',
  access: 'tenant',
  audit: 'run.start',
  request: {
    headers: StartRunHeaders,
    body: { required: true, content: { 'application/json': { schema: StartRunRequest } } },
  },
  responses: {
    200: { description: "The run's events", content: events },
    201: { description: 'The run; the same one for the same Idempotency-Key', content: run },
  },
});

const list = route({
  method: 'get',
  path: '/v1/runs',
  tags,
  summary: "The tenant's runs",
  access: 'tenant',
  audit: 'none: read',
  request: { query: RunQuery },
  responses: { 200: { description: 'Newest first', content: { 'application/json': { schema: RunPage } } } },
});

const get = route({
  method: 'get',
  path: '/v1/runs/{id}',
  tags,
  summary: 'One run',
  access: 'tenant',
  audit: 'none: read',
  request: { params: RunPath },
  responses: { 200: { description: 'The run', content: run } },
});

const watch = route({
  method: 'get',
  path: '/v1/runs/{id}/events',
  tags,
  summary: 'Watch a run, from the start or from where one left off',
  access: 'tenant',
  audit: 'none: read',
  request: { params: RunPath, query: RunEventsQuery, headers: RunEventsHeaders },
  responses: {
    200: { description: "The run's events", content: events },
    204: { description: 'The end was seen already' },
  },
});

const cancel = route({
  method: 'post',
  path: '/v1/runs/{id}/cancel',
  tags,
  summary: 'Ask a run to end',
  access: 'tenant',
  audit: 'run.cancel',
  request: { params: RunPath },
  responses: { 200: { description: 'The run as it is now', content: run } },
});

const again = route({
  method: 'post',
  path: '/v1/runs/{id}/rerun',
  tags,
  summary: 'Run the same installation once more',
  description: 'With `Accept: text/event-stream` the answer is the stream of the new run.',
  access: 'tenant',
  audit: 'run.start',
  request: {
    params: RunPath,
    headers: StartRunHeaders,
    body: { required: true, content: { 'application/json': { schema: RerunRequest } } },
  },
  responses: {
    200: { description: "The run's events", content: events },
    201: { description: 'The new run; the same one for the same Idempotency-Key', content: run },
  },
});

const receipt = route({
  method: 'get',
  path: '/v1/runs/{id}/receipt',
  tags,
  summary: "The runner's signed statement of a run",
  access: 'tenant',
  audit: 'none: read',
  request: { params: RunPath },
  responses: { 200: { description: 'The receipt', content: { 'application/json': { schema: RunReceipt } } } },
});

export const runs = router()
  .openapi(start, async (c) => {
    const { 'idempotency-key': idempotencyKey } = c.req.valid('header');
    const started = await startRun({ ctx: c.var.ctx, input: { request: c.req.valid('json'), idempotencyKey } });
    return wantsEvents(c.req.header('accept')) ? eventsOf(c.var.ctx, started, 0) : c.json(started, 201);
  })
  .openapi(list, async (c) => c.json(await listRuns({ ctx: c.var.ctx, input: c.req.valid('query') }), 200))
  .openapi(get, async (c) => c.json(await getRun({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(watch, async (c) => {
    const { 'last-event-id': lastEventId } = c.req.valid('header');
    const after = lastEventId ?? c.req.valid('query').after ?? 0;
    return watchRun({ ctx: c.var.ctx, input: { id: c.req.valid('param').id, after } });
  })
  .openapi(again, async (c) => {
    const { 'idempotency-key': idempotencyKey } = c.req.valid('header');
    const { id } = c.req.valid('param');
    const started = await rerun({ ctx: c.var.ctx, input: { id, request: c.req.valid('json'), idempotencyKey } });
    return wantsEvents(c.req.header('accept')) ? eventsOf(c.var.ctx, started, 0) : c.json(started, 201);
  })
  .openapi(cancel, async (c) => c.json(await cancelRun({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(receipt, async (c) => c.json(await getRunReceipt({ ctx: c.var.ctx, input: c.req.valid('param') }), 200));

function wantsEvents(accept: string | undefined): boolean {
  return accept?.split(',').some((type) => type.trim().toLowerCase().startsWith(EVENT_STREAM)) ?? false;
}
