import { z } from 'zod';

import {
  RerunRequest,
  RunEventsHeaders,
  RunEventsQuery,
  RunInput,
  RunPage,
  RunPath,
  RunQuery,
  RunReceipt,
  StartRunHeaders,
  StartRunRequest,
} from '../api/runs.ts';
import { operation } from '../operation.ts';
import { Run } from '../run.ts';

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

export const start = operation({
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

export const list = operation({
  method: 'get',
  path: '/v1/runs',
  tags,
  summary: "The tenant's runs",
  access: 'tenant',
  audit: 'none: read',
  request: { query: RunQuery },
  responses: { 200: { description: 'Newest first', content: { 'application/json': { schema: RunPage } } } },
});

export const get = operation({
  method: 'get',
  path: '/v1/runs/{id}',
  tags,
  summary: 'One run',
  access: 'tenant',
  audit: 'none: read',
  request: { params: RunPath },
  responses: { 200: { description: 'The run', content: run } },
});

export const watch = operation({
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

export const cancel = operation({
  method: 'post',
  path: '/v1/runs/{id}/cancel',
  tags,
  summary: 'Ask a run to end',
  access: 'tenant',
  audit: 'run.cancel',
  request: { params: RunPath },
  responses: { 200: { description: 'The run as it is now', content: run } },
});

export const again = operation({
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

export const input = operation({
  method: 'get',
  path: '/v1/runs/{id}/input',
  tags,
  summary: 'What a run was given',
  access: 'tenant',
  audit: 'none: read',
  request: { params: RunPath },
  responses: { 200: { description: 'The input', content: { 'application/json': { schema: RunInput } } } },
});

export const receipt = operation({
  method: 'get',
  path: '/v1/runs/{id}/receipt',
  tags,
  summary: "The runner's signed statement of a run",
  access: 'tenant',
  audit: 'none: read',
  request: { params: RunPath },
  responses: { 200: { description: 'The receipt', content: { 'application/json': { schema: RunReceipt } } } },
});
