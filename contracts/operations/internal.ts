import { operation } from '../operation.ts';
import { Heartbeat } from '../runner.ts';

export const heartbeat = operation({
  method: 'post',
  path: '/internal/v1/runners/heartbeat',
  tags: ['Runners'],
  summary: "A runner's sign of life, over mutual TLS",
  access: 'runner',
  audit: 'none: a sign of life, of no tenant',
  request: { body: { required: true, content: { 'application/json': { schema: Heartbeat } } } },
  responses: { 204: { description: 'Noted' } },
});
