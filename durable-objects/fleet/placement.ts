import type { Placement, PlacementAnswer, PlacementRequest } from '#contracts/objects';
import { type Heartbeat, HEARTBEAT_EXPIRY_MS, warmKey } from '#contracts/runner';

/** A runner as its last heartbeat described it, and what was placed on it and has ended there since. */
export interface KnownRunner {
  readonly beat: Heartbeat;
  readonly lastSeenMs: number;
  /** The same by what the fleet has listened for; 0 where it has not heard of it since it is there. */
  readonly heardAtMs: number;
  /** By what a sandbox must be for them, as `warmKey` writes it. */
  readonly placedSince: ReadonlyMap<string, number>;
  readonly endedSince: number;
}

/** A runner that was silent for this long is forgotten. */
export const RUNNER_FORGOTTEN_MS = 24 * 3_600_000;
/** A runner that went silent may be back within this time: until then what it offers counts as offered here. */
export const OFFER_REMEMBERED_MS = 60_000;

type Wanted = Pick<PlacementRequest, 'isolation'>;
/** What a runner that holds the bundle may be busier than another one that does not: less than so much of its capacity. */
const LOAD_BANDS = 4;

export interface Hearing {
  readonly nowMs: number;
  /** For how long the fleet has heard heartbeats at all: while it was not there, nobody was silent towards it. */
  readonly listenedMs: number;
}

/** One that was never heard of has been silent for as long as the fleet listened. */
export function silentFor(
  runner: Pick<KnownRunner, 'heardAtMs'> | undefined,
  { listenedMs }: Pick<Hearing, 'listenedMs'>,
) {
  return listenedMs - (runner?.heardAtMs ?? 0);
}

/**
 * Chooses the runner for a run: one that offers its isolation class, is ready, not draining, heard of lately and has a free place. Among those
 * one that has a sandbox of its size warm, then one of the least loaded, by quarters of what they can take; among these the one that holds
 * most of what the run needs, then the least loaded. Where nothing else decides the digest does, so that a capsule tends to come back to a
 * runner that will have its bundle.
 */
export function place(runners: Iterable<KnownRunner>, request: PlacementRequest, hearing: Hearing): PlacementAnswer {
  const known = [...runners];
  const { nowMs } = hearing;
  const best = known
    .filter((runner) => canTake(runner, request, hearing))
    .reduce<KnownRunner | undefined>(
      (chosen, runner) => (chosen && compare(chosen, runner, request) <= 0 ? chosen : runner),
      undefined,
    );
  if (best) return { kind: 'placed', lease: best.beat.lease, ...placementOn(best) };
  if (!isAnyLeft(known, request, hearing)) return { kind: 'none-left' };
  return isOffered(known, request, nowMs) ? { kind: 'none-free' } : { kind: 'not-offered' };
}

export function canTake(
  runner: KnownRunner,
  request: Wanted & Pick<PlacementRequest, 'exclude' | 'formerly'>,
  hearing: Hearing,
): boolean {
  const { beat, lastSeenMs } = runner;
  return (
    beat.isReady &&
    !beat.isDraining &&
    beat.isolationClasses.includes(request.isolation) &&
    // By both clocks: one may have been set, the other begins with the fleet's object.
    hearing.nowMs - lastSeenMs < HEARTBEAT_EXPIRY_MS &&
    silentFor(runner, hearing) < HEARTBEAT_EXPIRY_MS &&
    runningOn(runner) < beat.capacity &&
    beat.runnerId !== request.formerly &&
    !request.exclude.includes(beat.runnerId)
  );
}

/** A first attempt may wait for whoever comes; one that was lost with its runner only for a runner that is there. */
function isAnyLeft(runners: readonly KnownRunner[], request: PlacementRequest, hearing: Hearing): boolean {
  if (request.formerly === undefined) return true;
  return runners.some(
    (runner) =>
      runner.beat.runnerId !== request.formerly &&
      !runner.beat.isDraining &&
      mayOffer(runner, request) &&
      silentFor(runner, hearing) < HEARTBEAT_EXPIRY_MS,
  );
}

/** Fails only where it is known: a cell that has heard of no runner lately, or of one that is still starting, may yet have the class. */
export function isOffered(runners: readonly KnownRunner[], wanted: Wanted, nowMs: number): boolean {
  const lately = runners.filter(({ lastSeenMs }) => nowMs - lastSeenMs < OFFER_REMEMBERED_MS);
  return lately.length === 0 || lately.some((runner) => mayOffer(runner, wanted));
}

function mayOffer({ beat }: KnownRunner, { isolation }: Wanted): boolean {
  const { isolationClasses, pendingIsolationClasses, isReady, isDraining } = beat;
  return [...isolationClasses, ...pendingIsolationClasses].includes(isolation) || (!isReady && !isDraining);
}

function placementOn({ beat: { runnerId, endpoint } }: KnownRunner): Placement {
  return { runnerId, endpoint };
}

/** Negative where `a` suits better. Total: no two different runners compare equal. */
function compare(a: KnownRunner, b: KnownRunner, request: PlacementRequest): number {
  return (
    Number(isWarm(b, request)) - Number(isWarm(a, request)) ||
    bandOf(a) - bandOf(b) ||
    heldBy(b, request) - heldBy(a, request) ||
    loadOf(a) - loadOf(b) ||
    affinity(b, request) - affinity(a, request) ||
    (a.beat.runnerId < b.beat.runnerId ? -1 : 1)
  );
}

function isWarm({ beat, placedSince }: KnownRunner, request: PlacementRequest): boolean {
  const key = warmKey(request);
  return (beat.warm[key] ?? 0) > (placedSince.get(key) ?? 0);
}

/** How much of what the run needs need not be sent. */
function heldBy({ beat }: KnownRunner, { digest, layers }: PlacementRequest): number {
  const held: readonly string[] = beat.cachedDigests;
  return [digest, ...layers].filter((needed) => held.includes(needed)).length;
}

function bandOf(runner: KnownRunner): number {
  return Math.floor(loadOf(runner) * LOAD_BANDS);
}

function loadOf(runner: KnownRunner): number {
  return runningOn(runner) / runner.beat.capacity;
}

/** An estimate between heartbeats; runs may take milliseconds, and heartbeats come every other second. */
function runningOn({ beat, placedSince, endedSince }: KnownRunner): number {
  return Math.max(0, beat.running + total(placedSince) - endedSince);
}

/** Rendezvous hashing (FNV-1a): every capsule has its own order of runners, which a runner's coming or going hardly changes. */
function affinity({ beat }: KnownRunner, { digest }: PlacementRequest): number {
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
