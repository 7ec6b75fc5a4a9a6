import { type Cell, CELLS } from '#contracts/cells';

import { bindingOf, type RouterEnv } from './env.ts';

const TIMEOUT_MS = 4_000;

/**
 * The router is ready when it answers: it needs no store. What each cell says of itself stands beside it, for people to read; a region that is
 * down must not take the door to the others down with it.
 */
export async function readiness(env: RouterEnv): Promise<Response> {
  const states = await Promise.all(CELLS.map((cell) => stateOf(env, cell)));
  const cells = Object.fromEntries(CELLS.map((cell, index) => [cell, states[index]]));
  return Response.json({ isReady: true, cells }, { headers: { 'cache-control': 'no-store' } });
}

async function stateOf(env: RouterEnv, cell: Cell): Promise<'ok' | 'not-ready' | 'down'> {
  try {
    const response = await bindingOf(env, cell).fetch(`https://${cell}.soma.internal/readyz`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok ? 'ok' : 'not-ready';
  } catch {
    return 'down';
  }
}
