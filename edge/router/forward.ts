import { type Cell, CELLS } from '#contracts/cells';
import { Unavailable } from '#contracts/errors';
import type { RequestId } from '#contracts/ids';

import { bindingOf, type RouterEnv } from './env.ts';

const HEADERS_WITHIN_MS = 120_000;
const PUBLIC_READ_WITHIN_MS = 5_000;

export interface Forwarding {
  readonly env: RouterEnv;
  readonly requestId: RequestId;
}

/**
 * Hands a request to the one cell it belongs to, body and answer streamed. A cell that does not answer is said to be unavailable:
 * what belongs to it is never taken elsewhere.
 */
export async function handOver(
  request: Request,
  cell: Cell,
  because: string,
  { env, requestId }: Forwarding,
): Promise<Response> {
  try {
    return await ask(request, cell, because, requestId, env, HEADERS_WITHIN_MS);
  } catch (cause) {
    throw new Unavailable(`${cell} does not answer; what belongs there is served nowhere else`, { cause });
  }
}

/** Answers a public read from the nearest cell, or from the next one where that is down. No credential goes along. */
export async function readAnywhere(request: Request, nearest: Cell, { env, requestId }: Forwarding): Promise<Response> {
  const anonymous = new Request(request);
  anonymous.headers.delete('authorization');
  anonymous.headers.delete('cookie');
  const causes: unknown[] = [];
  for (const cell of [nearest, ...CELLS.filter((other) => other !== nearest)]) {
    try {
      const because = cell === nearest ? 'nearest' : 'failover';
      const response = await ask(anonymous.clone(), cell, because, requestId, env, PUBLIC_READ_WITHIN_MS);
      if (response.status < 500 || causes.length === CELLS.length - 1) return response;
      causes.push(`${cell} answered ${response.status}`);
      await response.body?.cancel();
    } catch (cause) {
      causes.push(cause);
    }
  }
  throw new Unavailable('no cell answers', { cause: new AggregateError(causes) });
}

async function ask(
  request: Request,
  cell: Cell,
  because: string,
  requestId: RequestId,
  env: RouterEnv,
  withinMs: number,
): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set('x-request-id', requestId);
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(new Error(`${cell} sent no headers within ${withinMs} ms`)), withinMs);
  try {
    const answer = await bindingOf(env, cell).fetch(new Request(request, { headers, signal: aborter.signal }));
    const response = new Response(answer.body, answer);
    response.headers.set('soma-served-because', because);
    return response;
  } finally {
    clearTimeout(timer);
  }
}
