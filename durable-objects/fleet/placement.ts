import type { Placement } from '#contracts/objects';
import { type Heartbeat, HEARTBEAT_EXPIRY_MS } from '#contracts/runner';

/** A runner as its last heartbeat described it, and what was placed on it and has ended there since. */
export interface KnownRunner {
  readonly beat: Heartbeat;
  readonly lastSeenMs: number;
  /** By runtime. */
  readonly placedSince: ReadonlyMap<string, number>;
  readonly endedSince: number;
}

export interface PlacementRequest {
  readonly runtime: string;
  readonly digest: string;
  readonly exclude: readonly string[];
}

/** A runner that was silent for this long is forgotten. */
export const RUNNER_FORGOTTEN_MS = 24 * 3_600_000;

/**
 * Chooses the runner for a run: ready, not draining, heard of lately and with a free place; among those one that has the runtime warm,
 * then the least loaded. Which bundles a runner caches is not known here; the digest breaks ties, so that a capsule tends to come back
 * to a runner that has its bundle.
 */
export function place(runners: Iterable<KnownRunner>, request: PlacementRequest, nowMs: number): Placement | undefined {
  const candidates = [...runners].filter((runner) => canTake(runner, request.exclude, nowMs));
  const best = candidates.reduce<KnownRunner | undefined>(
    (chosen, runner) => (chosen && compare(chosen, runner, request) <= 0 ? chosen : runner),
    undefined,
  );
  return best && { runnerId: best.beat.runnerId, endpoint: best.beat.endpoint };
}

export function canTake(runner: KnownRunner, exclude: readonly string[], nowMs: number): boolean {
  const { beat, lastSeenMs } = runner;
  return (
    beat.isReady &&
    !beat.isDraining &&
    nowMs - lastSeenMs < HEARTBEAT_EXPIRY_MS &&
    runningOn(runner) < beat.capacity &&
    !exclude.includes(beat.runnerId)
  );
}

/** Negative where `a` suits better. Total: no two different runners compare equal. */
function compare(a: KnownRunner, b: KnownRunner, { runtime, digest }: PlacementRequest): number {
  return (
    Number(isWarm(b, runtime)) - Number(isWarm(a, runtime)) ||
    loadOf(a) - loadOf(b) ||
    affinity(b, digest) - affinity(a, digest) ||
    (a.beat.runnerId < b.beat.runnerId ? -1 : 1)
  );
}

function isWarm({ beat, placedSince }: KnownRunner, runtime: string): boolean {
  return (beat.warm[runtime] ?? 0) > (placedSince.get(runtime) ?? 0);
}

function loadOf(runner: KnownRunner): number {
  return runningOn(runner) / runner.beat.capacity;
}

/** An estimate between heartbeats; runs may take milliseconds, and heartbeats come every other second. */
function runningOn({ beat, placedSince, endedSince }: KnownRunner): number {
  return Math.max(0, beat.running + total(placedSince) - endedSince);
}

/** Rendezvous hashing (FNV-1a): every capsule has its own order of runners, which a runner's coming or going hardly changes. */
function affinity({ beat }: KnownRunner, digest: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${beat.runnerId}|${digest}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  return hash >>> 0;
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
