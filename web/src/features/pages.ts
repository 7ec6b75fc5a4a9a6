import type { TenantMembership } from '#contracts/api/tenants';
import { includes, type Permission } from '#contracts/permissions';

import { m } from '../messages/index.ts';

/** The pages one can go to by name, in the order of the navigation. `tenant` ones stand in the tenant's own menu, not in the row. */
const PAGES = [
  { to: '/', label: m.shell.browse, needs: undefined, place: 'row' },
  { to: '/installations', label: m.shell.installations, needs: 'installations:read', place: 'row' },
  { to: '/runs', label: m.shell.runs, needs: 'runs:read', place: 'row' },
  { to: '/automation', label: m.shell.automation, needs: 'schedules:read', place: 'row' },
  { to: '/usage', label: m.shell.usage, needs: 'usage:read', place: 'row' },
  { to: '/audit', label: m.shell.audit, needs: 'audit:read', place: 'row' },
  { to: '/api-keys', label: m.shell.apiKeys, needs: 'api-keys:read', place: 'row' },
  { to: '/publishing', label: m.shell.publishing, needs: 'publisher-keys:read', place: 'tenant' },
  { to: '/members', label: m.shell.members, needs: 'members:read', place: 'tenant' },
] as const satisfies readonly { to: string; label: string; needs: Permission | undefined; place: 'row' | 'tenant' }[];

export type Page = (typeof PAGES)[number];

/** Those that somebody can do something with: before they are in a tenant, all; of a tenant, what their role lets them read. */
export function pagesFor(isSignedIn: boolean, tenant: TenantMembership | undefined): Page[] {
  return PAGES.filter(({ needs }) => needs === undefined || (isSignedIn && (!tenant || includes(tenant.role, needs))));
}
