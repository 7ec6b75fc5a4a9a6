import { DomainError } from '#contracts/errors';
import type { RunId } from '#contracts/ids';
import type { Run } from '#contracts/run';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { runObject } from '../../objects.ts';
import { findRun } from './find.ts';

export interface WatchInput {
  readonly id: RunId;
  /** The last frame the watcher has seen; 0 for none. */
  readonly after: number;
}

/**
 * A run as server-sent events: first `run` with the run as it is now, then its frames after `after`, then live until `end`.
 * Without content for a watcher that has seen the end.
 *
 * @throws NotFound · DomainError `at_capacity` too many watch it
 */
export async function watchRun({ ctx, input }: Verb<WatchInput>): Promise<Response> {
  requirePermission(ctx, 'runs:read');
  return eventsOf(ctx, await findRun(ctx, input.id), input.after);
}

/** The same for a run at hand. */
export async function eventsOf(ctx: Ctx, run: Run, after: number): Promise<Response> {
  const request = new Request('https://run/events', { headers: { 'last-event-id': String(after) } });
  const response = await runObject(ctx, run.id).fetch(request);
  if (response.status === 503) {
    throw new DomainError('at_capacity', 'as many watch this run as may; try again later', { retryAfterS: 5 });
  }
  if (!response.body) return response;

  const { readable, writable } = new IdentityTransformStream();
  // Nobody waits for this: a watcher that goes away ends it, and where it fails the watcher's stream breaks off.
  void introduce(run, response.body, writable).catch(() => undefined);
  return new Response(readable, response);
}

async function introduce(run: Run, frames: ReadableStream, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(`event: run\ndata: ${JSON.stringify(run)}\n\n`));
  writer.releaseLock();
  await frames.pipeTo(writable);
}
