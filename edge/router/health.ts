import { type Cell, CELLS } from '#contracts/cells';

import { bindingOf, type RouterEnv } from './env.ts';

const TIMEOUT_MS = 4_000;

/** Whether each cell is ready, as the cell itself says. The router serves what it can while one of them is down. */
export async function readiness(env: RouterEnv): Promise<Response> {
  const states = await Promise.all(CELLS.map((cell) => stateOf(env, cell)));
  const checks = Object.fromEntries(CELLS.map((cell, index) => [cell, states[index]]));
  const isReady = states.every((state) => state === 'ok');
  return Response.json({ isReady, checks }, { status: isReady ? 200 : 503, headers: { 'cache-control': 'no-store' } });
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
