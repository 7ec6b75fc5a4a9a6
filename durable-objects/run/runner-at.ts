import type { Placement } from '#contracts/objects';

import type { RunEnv } from '../env.ts';
import type { Facts } from './lifecycle.ts';
import { RunnerClient } from './runner-client.ts';
import { sightingOf } from './sighting.ts';

/** Who holds a run that has ended. One that did not answer where it was may be back elsewhere: the fleet knows. */
export async function runnerAt(
  env: RunEnv,
  { runnerId, endpoint }: Placement,
  { failures }: Pick<Facts, 'failures'>,
): Promise<RunnerClient> {
  if (failures === 0) return new RunnerClient(env.RUNNERS, endpoint);
  const sighting = await sightingOf(env, runnerId);
  return new RunnerClient(env.RUNNERS, sighting.endpoint ?? endpoint);
}
