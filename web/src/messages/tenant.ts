import type { VersionStatus } from '#contracts/api/capsules';
import type { Permission, Role } from '#contracts/permissions';

export const members = {
  title: 'Members',
  lead: 'Who belongs to this tenant, and what each may do in it.',
  add: 'Add a member',
  email: 'E-mail',
  emailHint: 'Of an account in the region of this tenant.',
  noAccount: 'Check how it is written. Once the person has signed up, in the region of this tenant, add them here.',
  role: 'Role',
  roles: {
    owner: { title: 'Owner', hint: 'May do everything, and decides who belongs to the tenant.' },
    developer: { title: 'Developer', hint: 'Publishes, installs, runs, sets secrets and schedules.' },
    viewer: { title: 'Viewer', hint: 'Sees installations, runs and usage.' },
    billing: { title: 'Billing', hint: 'Sees usage and sets the monthly limit.' },
    auditor: { title: 'Auditor', hint: 'Sees everything, the audit log too, and changes nothing.' },
  } satisfies Record<Role, { title: string; hint: string }>,
  submit: 'Add member',
  working: 'Adding…',
  columns: { member: 'Member', role: 'Role', since: 'Since' },
  you: 'you',
  roleOf: (name: string) => `Role of ${name}`,
  remove: 'Remove',
  removeNamed: (name: string) => `Remove ${name}`,
  confirmTitle: (name: string) => `Remove ${name}?`,
  confirm: 'This person can do nothing more in this tenant. Keys that they made stay.',
};

export const publishing = {
  title: 'Publishing',
  lead: 'What this tenant publishes, the keys that sign it, and its layers of dependencies.',
};

export const ownCapsules = {
  title: 'Capsules',
  lead: 'The page of each has its versions, where you deprecate or yank one.',
  none: 'No capsule yet: soma init, then soma publish.',
  columns: { capsule: 'Capsule', version: 'Version', price: 'Price', changed: 'Changed' },
  noVersion: 'none active',
};

export const publisherKeys = {
  title: 'Signing keys',
  lead: 'A capsule is accepted where one of these keys has signed it. The private half never leaves your machine.',
  none: 'No key yet: soma keys create, then register its public half here or by soma keys register.',
  register: 'Register a key',
  name: 'Name',
  nameHint: 'What you call it, such as release key 2026.',
  pem: 'Public key',
  pemHint: 'ECDSA P-256, in PEM: it begins with -----BEGIN PUBLIC KEY-----.',
  submit: 'Register key',
  working: 'Registering…',
  columns: { key: 'Key', registered: 'Registered', state: 'State' },
  active: 'active',
  revoked: 'revoked',
  revoke: 'Revoke',
  revokeNamed: (name: string) => `Revoke ${name}`,
  confirmTitle: (name: string) => `Revoke ${name}?`,
  confirm: 'Nothing more is published with it, and it cannot come back. What it signed before stays published.',
};

export const layers = {
  title: 'Layers',
  lead: 'Dependencies published once for many capsules, which name them by digest.',
  none: 'No layer yet: soma layers publish, in a folder with node_modules/ or site-packages/.',
  columns: { digest: 'Digest', runtime: 'Runtime', files: 'Files', size: 'Size', published: 'Published' },
};

export const versionStatus = {
  change: 'Change',
  changeNamed: (version: string) => `Change the state of ${version}`,
  title: (capsule: string, version: string) => `${capsule} ${version}`,
  legend: 'State of this version',
  choices: {
    active: { title: 'Active', hint: 'Ranges take it, and anybody can install it.' },
    deprecated: { title: 'Deprecated', hint: 'It still runs where it is pinned; no range takes it.' },
    yanked: { title: 'Yanked', hint: 'It never starts again, also where it is pinned, until it is made active.' },
  } satisfies Record<VersionStatus, { title: string; hint: string }>,
  submit: 'Save state',
  working: 'Saving…',
};

/** Why somebody sees a thing and cannot change it. */
export const lacking = {
  deeds: {
    'members:write': 'change who belongs to it',
    'api-keys:write': 'create or revoke API keys',
    'publisher-keys:write': 'register or revoke signing keys',
    'installations:write': 'install capsules or change their settings',
    'runs:write': 'start runs',
    'schedules:write': 'add or change schedules',
    'webhooks:write': 'add or change webhooks',
    'budget:write': 'set the monthly limit',
  } satisfies Partial<Record<Permission, string>>,
  because: (role: string | undefined, deed: string) =>
    `${role === undefined ? 'Without a role' : `With the role ${role}`} in this tenant you cannot ${deed}. Ask one of its owners for a role that includes it.`,
};
