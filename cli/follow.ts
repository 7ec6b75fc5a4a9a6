import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { Frame } from '#contracts/frames';
import { Run } from '#contracts/run';

import { readEvents } from './events.ts';
import { Failure, Refused } from './failure.ts';
import { type Connection, Unreachable } from './http.ts';
import { openEvents, openStart, type RunAsk } from './start-run.ts';

/** Attempts in a row that bring nothing new before it is given up. */
const MAX_ATTEMPTS = 8;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export type Followed = { readonly kind: 'run'; readonly run: Run } | { readonly kind: 'frame'; readonly frame: Frame };

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly idempotencyKey?: string | undefined;
  /** Frames after this sequence number. */
  readonly after?: number | undefined;
  /** Told each time the stream broke and is taken up again. */
  readonly onReconnect?: ((reason: string) => void) | undefined;
}

/** Starts a run and streams it to its end over one connection; where that breaks, goes on after the last frame it has seen. */
export async function* startAndFollow(
  connection: Connection,
  ask: RunAsk,
  options: FollowOptions,
): AsyncGenerator<Followed> {
  // The same key on every attempt: however often the request is sent, one run starts.
  const idempotencyKey = options.idempotencyKey ?? randomUUID();
  let run: Run | undefined;
  const { signal } = options;
  const open = (after: number) =>
    run === undefined
      ? openStart(connection, ask, { idempotencyKey, signal })
      : openEvents(connection, run.id, { after, signal });
  for await (const followed of resume(open, options)) {
    if (followed.kind === 'run') run = followed.run;
    yield followed;
  }
}

/** Streams the frames of a run, those of the past first, until its end. */
export async function* followRun(connection: Connection, runId: string, options: FollowOptions): AsyncGenerator<Frame> {
  const open = (after: number) => openEvents(connection, runId, { after, signal: options.signal });
  for await (const followed of resume(open, options)) if (followed.kind === 'frame') yield followed.frame;
}

/** Invariant: every frame is yielded once and in order, whatever the connections do. */
async function* resume(open: (lastSeq: number) => Promise<Response>, options: FollowOptions): AsyncGenerator<Followed> {
  let lastSeq = options.after ?? 0;
  let attempts = 0;
  for (;;) {
    try {
      for await (const event of readEvents(await open(lastSeq))) {
        if (event.name === 'run') {
          yield { kind: 'run', run: Run.parse(JSON.parse(event.data)) };
          continue;
        }
        const frame = Frame.parse(JSON.parse(event.data));
        if (frame.seq <= lastSeq) continue;
        lastSeq = frame.seq;
        attempts = 0;
        yield { kind: 'frame', frame };
        if (frame.kind === 'end') return;
      }
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isPassing(error) || attempts >= MAX_ATTEMPTS) throw error;
      options.onReconnect?.(error instanceof Error ? error.message : String(error));
    }
    if (attempts++ >= MAX_ATTEMPTS) throw new Failure('the stream ended again and again before the run did');
    await delay(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1)), undefined, {
      signal: options.signal,
    });
  }
}

/** Whether the same request may do better in a moment: the network failed, or the platform asks for patience. */
function isPassing(error: unknown): boolean {
  if (error instanceof Refused)
    return ['unavailable', 'at_capacity', 'rate_limited', 'internal'].includes(error.problem.code);
  return error instanceof Unreachable || error instanceof Failure || error instanceof TypeError;
}
