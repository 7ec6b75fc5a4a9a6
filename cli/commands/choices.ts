import type { VersionStatus } from '#contracts/api/capsules';
import type { WebhookDelivery } from '#contracts/api/webhooks';
import type { Cell } from '#contracts/cells';
import type { IsolationClass } from '#contracts/isolation';
import type { Permission, Role } from '#contracts/permissions';
import type { RunState } from '#contracts/run';

// The values of contracts/ that `--help` lists, written out: reading them from their schemas would cost every start the
// loading of zod. A test holds them equal.

export const CELL_NAMES = ['us-west-2', 'eu-west-1'] as const satisfies readonly Cell[];

export const ISOLATION_NAMES = ['standard', 'strict'] as const satisfies readonly IsolationClass[];

export const VERSION_STATUSES = ['active', 'deprecated', 'yanked'] as const satisfies readonly VersionStatus[];

export const ROLE_NAMES = ['owner', 'developer', 'viewer', 'billing', 'auditor'] as const satisfies readonly Role[];

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

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const satisfies readonly WebhookDelivery['state'][];

export const SCOPES = [
  'tenant:read',
  'members:read',
  'members:write',
  'api-keys:read',
  'api-keys:write',
  'publisher-keys:read',
  'publisher-keys:write',
  'capsules:publish',
  'installations:read',
  'installations:write',
  'secrets:write',
  'runs:read',
  'runs:write',
  'schedules:read',
  'schedules:write',
  'webhooks:read',
  'webhooks:write',
  'usage:read',
  'budget:write',
  'audit:read',
] as const satisfies readonly Permission[];
