import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

import type { Connection } from '#cli/http';
import { EventParser } from '#contracts/event-stream';
import { Frame } from '#contracts/frames';

const CONNECT_WITHIN_MS = 60_000;

export interface WatchOptions {
  /** Frames after this one. */
  readonly after?: number;
  /** Called before each further piece is taken from the connection: a watcher may be as slow as it likes. */
  readonly pace?: (pieceBytes: number) => Promise<void>;
}

/**
 * The frames of a run over one connection of its own, until the end of the run or of the caller's interest. What is not asked for stays with
 * the kernel, as with a program that reads slowly.
 */
export async function* watchFrames(
  connection: Connection,
  runId: string,
  { after = 0, pace }: WatchOptions = {},
): AsyncGenerator<Frame> {
  const response = await openEvents(connection, runId, after);
  try {
    const decoder = new TextDecoder();
    const parser = new EventParser();
    for await (const piece of response) {
      if (!Buffer.isBuffer(piece)) throw new TypeError('expected bytes');
      for (const event of parser.push(decoder.decode(piece, { stream: true }))) {
        if (event.name !== 'run') yield frameOf(event);
      }
      await pace?.(piece.length);
    }
  } finally {
    response.destroy();
  }
}

/** The answer as it streams; nothing is read of it yet. */
export async function openEvents(
  { origin, credential }: Connection,
  runId: string,
  after = 0,
): Promise<IncomingMessage> {
  const asking = request(new URL(`/v1/runs/${runId}/events`, origin).href, {
    agent: false,
    headers: { authorization: `Bearer ${credential}`, 'last-event-id': after },
    timeout: CONNECT_WITHIN_MS,
  });
  asking.end();
  const [response] = await once(asking, 'response');
  asking.setTimeout(0);
  if (response.statusCode !== 200) throw new Error(`the events of ${runId} were refused: ${response.statusCode}`);
  return response;
}

function frameOf({ id, name, data }: { id: string; name: string; data: string }): Frame {
  const frame = Frame.parse(JSON.parse(data));
  if (String(frame.seq) !== id || frame.kind !== name) throw new Error(`event ${id} (${name}) is not its frame`);
  return frame;
}
