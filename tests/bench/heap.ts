import { once } from 'node:events';

import { WebSocket } from 'ws';
import { z } from 'zod';

const Targets = z.tuple([z.object({ webSocketDebuggerUrl: z.url() })]);
const Reply = z.object({ id: z.int(), result: z.object({ usedSize: z.number().optional() }) });
const TIMEOUT_MS = 10_000;

/** What of a Node process's heap is in use once all garbage is gone; the process listens for its inspector at `port` (`--inspect`). */
export async function heapUsedBytes(port: number): Promise<number> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`http://127.0.0.1:${port}/json/list`, { signal });
  const [{ webSocketDebuggerUrl }] = Targets.parse(await response.json());
  const inspector = new WebSocket(webSocketDebuggerUrl);
  try {
    await once(inspector, 'open', { signal });
    // What a finalizer lets go, the second one collects.
    for (const id of [1, 2]) await ask(inspector, id, 'HeapProfiler.collectGarbage', signal);
    const { result } = await ask(inspector, 3, 'Runtime.getHeapUsage', signal);
    if (result.usedSize === undefined) throw new Error('the inspector names no heap usage');
    return result.usedSize;
  } finally {
    inspector.terminate();
  }
}

async function ask(
  inspector: WebSocket,
  id: number,
  method: string,
  signal: AbortSignal,
): Promise<z.infer<typeof Reply>> {
  const answered = once(inspector, 'message', { signal });
  inspector.send(JSON.stringify({ id, method }));
  const [message] = await answered;
  const reply = Reply.parse(JSON.parse(String(message)));
  if (reply.id !== id) throw new Error(`the inspector answered ${reply.id} to ${id}`);
  return reply;
}
