import * as api from '#contracts/operations/runs';

import { route, router } from '../openapi.ts';
import { cancelRun } from '../services/runs/cancel.ts';
import { getRunInput } from '../services/runs/get-input.ts';
import { getRunReceipt } from '../services/runs/get-receipt.ts';
import { getRun } from '../services/runs/get.ts';
import { listRuns } from '../services/runs/list.ts';
import { rerun } from '../services/runs/rerun.ts';
import { startRun } from '../services/runs/start.ts';
import { eventsOf, watchRun } from '../services/runs/watch.ts';

export const runs = router()
  .openapi(route(api.start), async (c) => {
    const { 'idempotency-key': idempotencyKey } = c.req.valid('header');
    const started = await startRun({ ctx: c.var.ctx, input: { request: c.req.valid('json'), idempotencyKey } });
    return wantsEvents(c.req.header('accept')) ? eventsOf(c.var.ctx, started, 0) : c.json(started, 201);
  })
  .openapi(route(api.list), async (c) => c.json(await listRuns({ ctx: c.var.ctx, input: c.req.valid('query') }), 200))
  .openapi(route(api.get), async (c) => c.json(await getRun({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(route(api.watch), async (c) => {
    const { 'last-event-id': lastEventId } = c.req.valid('header');
    const after = lastEventId ?? c.req.valid('query').after ?? 0;
    return watchRun({ ctx: c.var.ctx, input: { id: c.req.valid('param').id, after } });
  })
  .openapi(route(api.again), async (c) => {
    const { 'idempotency-key': idempotencyKey } = c.req.valid('header');
    const { id } = c.req.valid('param');
    const started = await rerun({ ctx: c.var.ctx, input: { id, request: c.req.valid('json'), idempotencyKey } });
    return wantsEvents(c.req.header('accept')) ? eventsOf(c.var.ctx, started, 0) : c.json(started, 201);
  })
  .openapi(route(api.cancel), async (c) =>
    c.json(await cancelRun({ ctx: c.var.ctx, input: c.req.valid('param') }), 200),
  )
  .openapi(route(api.input), async (c) =>
    c.json(await getRunInput({ ctx: c.var.ctx, input: c.req.valid('param') }), 200),
  )
  .openapi(route(api.receipt), async (c) =>
    c.json(await getRunReceipt({ ctx: c.var.ctx, input: c.req.valid('param') }), 200),
  );

const EVENT_STREAM = 'text/event-stream';

function wantsEvents(accept: string | undefined): boolean {
  return accept?.split(',').some((type) => type.trim().toLowerCase().startsWith(EVENT_STREAM)) ?? false;
}
