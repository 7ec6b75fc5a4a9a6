import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { BrokenStream } from '#contracts/event-stream';
import { type Followed, followEvents } from '#contracts/follow-run';
import type { Frame } from '#contracts/frames';
import type { Run } from '#contracts/run';

import { Failure, Refused } from './failure.ts';
import { type Connection, Unreachable } from './http.ts';
import { openEvents, openStart, type RunAsk } from './start-run.ts';

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
  for await (const followed of follow(open, options)) {
    if (followed.kind === 'run') run = followed.run;
    yield followed;
  }
}

/** Streams the frames of a run, those of the past first, until its end. */
export async function* followRun(connection: Connection, runId: string, options: FollowOptions): AsyncGenerator<Frame> {
  const open = (after: number) => openEvents(connection, runId, { after, signal: options.signal });
  for await (const followed of follow(open, options)) if (followed.kind === 'frame') yield followed.frame;
}

async function* follow(
  open: (after: number) => Promise<Response>,
  { signal, after, onReconnect }: FollowOptions,
): AsyncGenerator<Followed> {
  const pause = (ms: number) => delay(ms, undefined, { signal });
  // What a person has broken off is not taken up again.
  const mayPass = (error: unknown) => !signal.aborted && isPassing(error);
  const onInterruption = (reason: string) => {
    signal.throwIfAborted();
    onReconnect?.(reason);
  };
  try {
    yield* followEvents({ open, pause, isPassing: mayPass, after, onInterruption });
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof BrokenStream ? new Failure(error.message, { cause: error }) : error;
  }
}

/** Whether the same request may do better in a moment: the network failed, or the platform asks for patience. */
function isPassing(error: unknown): boolean {
  if (error instanceof Refused)
    return ['unavailable', 'at_capacity', 'rate_limited', 'internal'].includes(error.problem.code);
  return error instanceof Unreachable;
}
