import type { Cell } from '#contracts/cells';
import type { Permission } from '#contracts/permissions';
import type { RunState } from '#contracts/run';

// The values of contracts/ that `--help` lists, written out: reading them from their schemas would cost every start the
// loading of zod. A test holds them equal.

export const CELL_NAMES = ['us-west-2', 'eu-west-1'] as const satisfies readonly Cell[];

export const RUN_STATES = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'timed_out',
  'out_of_memory',
  'limit_exceeded',
  'cancelled',
  'refused',
  'lost',
] as const satisfies readonly RunState[];

export const SCOPES = [
  'tenant:read',
  'tenant:write',
  'members:read',
  'members:write',
  'api-keys:read',
  'api-keys:write',
  'publisher-keys:read',
  'publisher-keys:write',
  'capsules:publish',
  'installations:read',
  'installations:write',
  'runs:read',
  'runs:write',
  'usage:read',
  'budget:write',
  'audit:read',
] as const satisfies readonly Permission[];
