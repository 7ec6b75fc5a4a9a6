import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import type { Spool } from '../runs/spool.ts';

const CHUNK_BYTES = 64 * 1024;

/** Sends the frames after `seq`, then each new one as it comes, until the end or until the reader leaves. */
export async function follow(spool: Spool, seq: number, response: ServerResponse): Promise<void> {
  const gone = once(response, 'close').catch(() => undefined);
  let position = spool.positionAfter(seq);
  while (!response.destroyed) {
    if (position < spool.size) {
      const chunk = spool.read(position, CHUNK_BYTES);
      position += chunk.length;
      const isTaken = response.write(chunk);
      if (!isTaken) await Promise.race([once(response, 'drain'), gone]);
      if (!response.destroyed) spool.markDelivered(position);
    } else if (spool.isEnded) {
      response.end();
      return;
    } else {
      await Promise.race([spool.grown(), gone]);
    }
  }
}
