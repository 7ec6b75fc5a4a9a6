import type { Residency } from '#contracts/api/tenants';
import type { Cell } from '#contracts/cells';

export const signIn = {
  title: 'Sign in',
  email: 'E-mail',
  password: 'Password',
  submit: 'Sign in',
  working: 'Signing in…',
  noAccount: 'No account yet?',
  create: 'Create one',
  checkBoth: 'Check both, then try again.',
};

export const signUp = {
  title: 'Create an account',
  name: 'Your name',
  email: 'E-mail',
  password: 'Password',
  passwordHint: 'At least 10 characters. A sentence is easier to remember than a riddle.',
  passwordShort: 'At least 10 characters.',
  submit: 'Create account',
  working: 'Creating your account…',
  haveAccount: 'Have an account?',
  signIn: 'Sign in',
  region: 'Where your data stays',
  regionLead:
    'Your account and every tenant you create live in this region: files, runs, logs, secrets, bills. It is chosen once; only a migration moves it.',
};

export const region: Record<Cell, { place: string; zone: string; meaning: string }> = {
  'eu-west-1': {
    place: 'Ireland',
    zone: 'European Union',
    meaning: 'Stored and run in the EU. Nothing crosses, unless a tenant of yours chooses to be replicated.',
  },
  'us-west-2': {
    place: 'Oregon',
    zone: 'United States',
    meaning: 'Stored and run in the US. Nothing crosses, unless a tenant of yours chooses to be replicated.',
  },
};

export const tenant = {
  title: 'Create a tenant',
  lead: 'A tenant owns installations, runs, budget and audit log, and has members with roles.',
  name: 'Name',
  nameHint: 'As people call it, such as Northlight Research.',
  handle: 'Handle',
  handleHint:
    'Its publisher name: capsules are called handle/name. Lower-case letters, digits and dashes; it cannot be changed.',
  handleWrong: 'Lower-case letters, digits and dashes, 2 to 39 of them, starting with a letter.',
  residency: 'If its region is down',
  residencyChoice: {
    pinned: {
      title: 'Wait',
      hint: 'Pinned: data and runs never leave the zone. They are unavailable until the region is back.',
    },
    replicated: {
      title: 'Move',
      hint: 'Replicated: a copy is kept in the other region, and the tenant moves there. Its data leaves the zone.',
    },
  } satisfies Record<Residency, { title: string; hint: string }>,
  submit: 'Create tenant',
  working: 'Creating…',
  noneTitle: 'You are in no tenant yet',
  none: 'Create one to install and run capsules, or ask a colleague to invite you to theirs.',
};

export const device = {
  title: 'Connect a terminal',
  lead: 'A terminal wants to act as you. Approve only if you started it yourself, just now.',
  code: 'Code shown in the terminal',
  next: 'Continue',
  asks: 'Does the terminal show this code?',
  as: (email: string) => `If you approve, it can do what ${email} can do, until it signs out.`,
  approve: 'Approve',
  deny: 'Deny',
  approved: { title: 'Approved', body: 'The terminal goes on by itself. You can close this page.' },
  denied: { title: 'Denied', body: 'The terminal got nothing. You can close this page.' },
};

export const apiKeys = {
  title: 'API keys',
  lead: 'A key acts for this tenant with the permissions you give it, until it expires or is revoked.',
  none: 'No keys yet. Create one for a program; people sign in instead.',
  create: 'Create a key',
  name: 'Name',
  nameHint: 'What uses it, such as the nightly import.',
  expires: 'Expires after',
  days: (n: number) => `${n} days`,
  scopes: 'Permissions',
  scopesHint: 'The fewer, the better.',
  scopesNeeded: 'Choose at least one.',
  submit: 'Create key',
  working: 'Creating…',
  shownOnce: 'Copy it now. It is stored only as a hash, and will not be shown again.',
  secret: 'The new key',
  done: 'I have stored it',
  columns: {
    name: 'Name',
    scopes: 'Permissions',
    created: 'Created',
    used: 'Last used',
    expires: 'Expires',
    state: 'State',
  },
  never: 'never',
  active: 'active',
  revoked: 'revoked',
  expired: 'expired',
  revoke: 'Revoke',
  revokeNamed: (name: string) => `Revoke ${name}`,
  confirmTitle: (name: string) => `Revoke ${name}?`,
  confirm: 'What uses it stops working at once. This cannot be undone.',
};
