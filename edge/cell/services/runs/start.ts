import { StartRunRequest } from '#contracts/api/runs';
import type { Run } from '#contracts/run';

import { requirePermission, type Verb } from '../../context.ts';
import { launch } from './launch.ts';

export interface StartInput {
  readonly request: StartRunRequest;
  readonly idempotencyKey?: string | undefined;
}

/**
 * Starts a run of an installed capsule. Idempotent by the caller's key: the same key with the same request answers with the
 * same run.
 * @throws what `launch` does
 */
export async function startRun({ ctx, input }: Verb<StartInput>): Promise<Run> {
  requirePermission(ctx, 'runs:write');
  const { installation, capsule, input: runInput } = StartRunRequest.parse(input.request);
  const { idempotencyKey } = input;
  const selector = { installation, capsule };
  const request = { installation: installation ?? null, capsule: capsule ?? null, input: runInput };
  return launch(ctx, { selector, input: runInput, idempotencyKey, request });
}
