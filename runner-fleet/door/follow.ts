import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import type { Spool } from '../runs/spool.ts';

const CHUNK_BYTES = 64 * 1024;

/** Sends the frames after `seq`, then each new one as it comes, until the end or until the reader leaves. */
export async function follow(spool: Spool, seq: number, response: ServerResponse): Promise<void> {
  let leave: (() => void) | undefined;
  const gone = once(response, 'close').catch(() => undefined);
  void gone.then(() => leave?.());
  /** Not by a race: a promise that lasts as long as the reader would keep something of every frame. */
  const unlessGone = (event: Promise<unknown>) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    leave = resolve;
    event.then(() => resolve(), reject);
    return promise;
  };
  let position = spool.positionAfter(seq);
  while (!response.destroyed) {
    if (position < spool.size) {
      const chunk = spool.read(position, CHUNK_BYTES);
      position += chunk.length;
      const isTaken = response.write(chunk);
      if (!isTaken) await unlessGone(once(response, 'drain'));
      if (!response.destroyed) spool.markDelivered(position);
    } else if (spool.isEnded) {
      response.end();
      return;
    } else {
      await unlessGone(spool.grown());
    }
  }
}
