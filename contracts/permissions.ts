import { z } from 'zod';

/** What an actor may do in its tenant. API keys carry a subset as scopes; roles are fixed sets. */
export const PERMISSIONS = [
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
] as const;
export const Permission = z.enum(PERMISSIONS);
export type Permission = z.infer<typeof Permission>;

export const Role = z.enum(['owner', 'developer', 'viewer', 'billing', 'auditor']);
export type Role = z.infer<typeof Role>;

const VIEWER = ['tenant:read', 'installations:read', 'runs:read', 'schedules:read', 'usage:read'] as const;

export const PERMISSIONS_OF: Record<Role, readonly Permission[]> = {
  owner: PERMISSIONS,
  developer: [
    ...VIEWER,
    'members:read',
    'api-keys:read',
    'publisher-keys:read',
    'publisher-keys:write',
    'capsules:publish',
    'installations:write',
    'secrets:write',
    'runs:write',
    'schedules:write',
    'webhooks:read',
    'webhooks:write',
  ],
  viewer: VIEWER,
  billing: ['tenant:read', 'usage:read', 'budget:write'],
  auditor: [...VIEWER, 'members:read', 'api-keys:read', 'publisher-keys:read', 'webhooks:read', 'audit:read'],
};

/** Whether who has this role in a tenant may do it there; without one, nothing. */
export function includes(role: Role | null, permission: Permission): boolean {
  return role !== null && PERMISSIONS_OF[role].includes(permission);
}
