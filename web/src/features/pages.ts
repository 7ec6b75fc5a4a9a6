import { m } from '../messages/index.ts';

/** The pages one can go to by name, in the order of the navigation. `tenant` ones stand in the tenant's own menu, not in the row. */
export const PAGES = [
  { to: '/', label: m.shell.browse, isForTenants: false, place: 'row' },
  { to: '/installations', label: m.shell.installations, isForTenants: true, place: 'row' },
  { to: '/runs', label: m.shell.runs, isForTenants: true, place: 'row' },
  { to: '/automation', label: m.shell.automation, isForTenants: true, place: 'row' },
  { to: '/usage', label: m.shell.usage, isForTenants: true, place: 'row' },
  { to: '/audit', label: m.shell.audit, isForTenants: true, place: 'row' },
  { to: '/api-keys', label: m.shell.apiKeys, isForTenants: true, place: 'row' },
  { to: '/publishing', label: m.shell.publishing, isForTenants: true, place: 'tenant' },
  { to: '/members', label: m.shell.members, isForTenants: true, place: 'tenant' },
] as const;
