import type { StartRunRequest } from '#contracts/api/runs';
import type { RunId, TenantId } from '#contracts/ids';

import { openEvents, openNewRun } from '../api/runs.ts';
import { RunFeed } from './run-feed.ts';

/** Runs that are watched, newest last: a page that is left and come back to shows what was there, without asking again. */
const watched = new Map<string, { feed: RunFeed; stop: AbortController }>();
const KEPT = 8;

/**
 * Starts a run and watches it from its first byte, in one request.
 * @throws ApiFailure the API refused to start it
 */
export async function startRun(tenant: TenantId, request: StartRunRequest): Promise<RunId> {
  const feed = new RunFeed();
  const stop = new AbortController();
  const idempotencyKey = crypto.randomUUID();
  void feed.follow((after) => {
    const run = feed.view().run;
    return run
      ? openEvents(tenant, run.id, after, stop.signal)
      : openNewRun(tenant, request, { idempotencyKey, signal: stop.signal });
  });
  const id = await startedId(feed);
  keep(id, { feed, stop });
  return id;
}

/** The feed of a run: the one that is watched already, or a new one from the run's first frame on. */
export function feedOf(tenant: TenantId, id: string): RunFeed {
  const known = watched.get(id);
  if (known) return known.feed;
  const feed = new RunFeed();
  const stop = new AbortController();
  void feed.follow((after) => openEvents(tenant, id, after, stop.signal));
  keep(id, { feed, stop });
  return feed;
}

function startedId(feed: RunFeed): Promise<RunId> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { run, failure } = feed.view();
      if (run === undefined && failure === undefined) return;
      unsubscribe();
      if (run) resolve(run.id);
      else if (failure) reject(failure);
    };
    const unsubscribe = feed.subscribe(look);
  });
}

function keep(id: string, entry: { feed: RunFeed; stop: AbortController }): void {
  watched.set(id, entry);
  for (const [oldId, old] of watched) {
    if (watched.size <= KEPT) return;
    old.stop.abort();
    watched.delete(oldId);
  }
}
