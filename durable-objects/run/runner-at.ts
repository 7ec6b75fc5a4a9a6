import type { Placement, RunnerSighting } from '#contracts/objects';

import { fleetOf, type RunEnv } from '../env.ts';
import { within } from '../within.ts';
import type { Facts } from './lifecycle.ts';
import { RunnerClient } from './runner-client.ts';

const CALL_LIMIT_MS = 5_000;

/** Who holds a run that has ended. One that did not answer where it was may be back elsewhere: the fleet knows. */
export async function runnerAt(
  env: RunEnv,
  { runnerId, endpoint }: Placement,
  { failures }: Pick<Facts, 'failures'>,
): Promise<RunnerClient> {
  if (failures === 0) return new RunnerClient(env.RUNNERS, endpoint);
  const sighting = await within<RunnerSighting>(CALL_LIMIT_MS, 'the fleet', fleetOf(env).find(runnerId));
  return new RunnerClient(env.RUNNERS, sighting.endpoint ?? endpoint);
}
