import { m } from '../messages/index.ts';

/** The pages one can go to by name, in the order of the navigation. */
export const PAGES = [
  { to: '/', label: m.shell.browse, isForTenants: false },
  { to: '/installations', label: m.shell.installations, isForTenants: true },
  { to: '/runs', label: m.shell.runs, isForTenants: true },
  { to: '/automation', label: m.shell.automation, isForTenants: true },
  { to: '/usage', label: m.shell.usage, isForTenants: true },
  { to: '/audit', label: m.shell.audit, isForTenants: true },
  { to: '/api-keys', label: m.shell.apiKeys, isForTenants: true },
] as const;
