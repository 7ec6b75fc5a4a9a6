import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

import { FRAME, FrameDecoder } from './wire.ts';

/** In the sandbox's control directory. */
export const CONTROL_SOCKET = 'control';

const BOOT_TIMEOUT_MS = 20_000;

export interface Connecting {
  readonly channel: Promise<Socket>;
  /** Nobody wants it any more, whether it has come or not. */
  cancel(): void;
}

/** Listens for the one connection of the sandbox's process 1. */
export function acceptOne(path: string): Connecting {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  let accepted: Socket | undefined;
  const server = createServer((socket) => {
    accepted = socket;
    clearTimeout(timer);
    server.close();
    // A reset is seen as the socket's end.
    socket.on('error', () => undefined);
    resolve(socket);
  });
  const cancel = () => {
    clearTimeout(timer);
    server.close();
    accepted?.destroy();
    reject(new Error('the sandbox did not connect'));
  };
  const timer = setTimeout(cancel, BOOT_TIMEOUT_MS);
  server.on('error', reject);
  // Bound and opened to the capsule's user before this returns: process 1 tries once.
  server.listen({ path, readableAll: true, writableAll: true });
  promise.catch(() => undefined);
  return { channel: promise, cancel };
}

/** The runtime in the sandbox has booted; nothing else was said yet. */
export async function ready(channel: Socket): Promise<void> {
  const signal = AbortSignal.timeout(BOOT_TIMEOUT_MS);
  const closed = once(channel, 'close', { signal }).then(() => {
    throw new Error('process 1 ended while it booted the runtime');
  });
  const [chunk] = await Promise.race([once(channel, 'data', { signal }), closed]);
  closed.catch(() => undefined);
  channel.pause();
  const [first] = new FrameDecoder().decode(chunk);
  if (first?.type !== FRAME.ready) throw new Error('process 1 did not say that it is ready');
}
