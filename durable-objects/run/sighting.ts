import type { RunnerSighting } from '#contracts/objects';

import { fleetOf, type RunEnv } from '../env.ts';
import { within } from '../within.ts';

const CALL_LIMIT_MS = 5_000;

/** What the fleet knows of a runner: where it is, and how long it has been silent. */
export function sightingOf(env: RunEnv, runnerId: string): Promise<RunnerSighting> {
  return within<RunnerSighting>(CALL_LIMIT_MS, 'the fleet', fleetOf(env).find(runnerId));
}
