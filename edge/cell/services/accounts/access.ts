import { createAccessControl } from 'better-auth/plugins/access';

import { type Permission, PERMISSIONS, PERMISSIONS_OF, type Role } from '#contracts/permissions';

/** Our permissions in better-auth's words: `runs:write` is the action `write` on the resource `runs`. */
type Statements = Record<string, string[]>;

function statementsOf(permissions: readonly Permission[]): Statements {
  const statements: Statements = {};
  for (const permission of permissions) {
    const [resource = '', action = ''] = permission.split(':');
    (statements[resource] ??= []).push(action);
  }
  return statements;
}

export const accessControl = createAccessControl(statementsOf(PERMISSIONS));

function roleOf(role: Role) {
  return accessControl.newRole(statementsOf(PERMISSIONS_OF[role]));
}

export const roles = {
  owner: roleOf('owner'),
  developer: roleOf('developer'),
  viewer: roleOf('viewer'),
  billing: roleOf('billing'),
  auditor: roleOf('auditor'),
} satisfies Record<Role, unknown>;
