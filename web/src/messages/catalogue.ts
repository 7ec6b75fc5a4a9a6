import type { VersionStatus } from '#contracts/api/capsules';

import { counted, duration, listed } from './format.ts';

export const gallery = {
  title: 'Code you can check before it runs',
  lead: 'Every capsule is signed, content-addressed and says what it may touch.',
  search: 'Search capsules',
  results: (n: number, isAll: boolean) => `${counted(n, 'capsule', 'capsules')}${isAll ? '' : ' so far'}`,
  none: 'No capsule matches. Search for what it should do, or remove the category.',
  empty: 'Nothing has been published yet. Publish the first one: soma init, then soma publish.',
  category: (name: string) => name.replaceAll('-', ' '),
  leaveCategory: (name: string) => `Show more than ${name.replaceAll('-', ' ')}`,
};

const RUNTIME: Readonly<Record<string, string>> = {
  node24: 'Node 24',
  'python3.11': 'Python 3.11',
  wasm: 'WebAssembly',
};

export const capsule = {
  verified: 'verified',
  verifiedTitle: 'The platform has verified who publishes this',
  noPermissions: 'Touches nothing',
  anyHostOf: (domain: string) => `Any host of ${domain}`,
  artifacts: 'Writes artifacts',
  state: 'Keeps state',
  free: 'Free',
  aRun: 'a run',
  plusUse: (meters: readonly string[]) => `plus what it uses: ${listed(['processor time', 'memory', ...meters])}`,
  upTo: (amount: string) => `at most ${amount} a run`,
  runtime: (runtime: string) => RUNTIME[runtime] ?? runtime,
  retired: 'No active version',
  notFound: 'Check how its name is written, or search for what it should do.',
  tabs: { about: 'About', input: 'Input', versions: 'Versions' },
  mayTouch: 'It may touch',
  costs: 'What it costs',
  provenance: 'Provenance',
  limits: 'Limits',
  facts: {
    digest: 'Digest',
    runtime: 'Runtime',
    license: 'License',
    source: 'Source',
    regions: 'Runs in',
    everyRegion: 'every region',
    published: 'Published',
    memory: 'Memory',
    time: 'Time',
    cpu: 'Processor',
    cores: (millis: number) => `${millis / 1_000} of a core`,
    limit: (ms: number) => `${duration(ms)} at most`,
    filesKept: 'Files kept',
    rowsKept: (name: string) => `Rows of ${name}`,
    kept: (days: number | undefined) => (days === undefined ? 'until deleted' : counted(days, 'day', 'days')),
  },
  inputLead: 'A run is refused before it starts if its input does not match this schema.',
  schema: 'JSON Schema',
  categories: 'Categories',
  status: { active: 'active', deprecated: 'deprecated', yanked: 'yanked' } satisfies Record<VersionStatus, string>,
  versions: { version: 'Version', status: 'State', published: 'Published', size: 'Size' },
  open: 'Open',
  run: 'Run it',
  install: 'Install',
  signInToInstall: 'Sign in to install',
  terminal: 'From a terminal',
};

export const permission = {
  egress: (target: string) => ({
    title: `Connect to ${target}`,
    meaning: 'What you give it as input may be sent there.',
  }),
  artifacts: {
    title: 'Write artifacts',
    meaning: 'Files it makes are kept in your region, for 30 days where it states no other time.',
  },
  state: { title: 'Keep state', meaning: 'What one run notes down, in your region, the next one reads.' },
  dataset: (name: string) => ({
    title: `Fill the data set ${name}`,
    meaning: 'Rows of all its runs are kept in your region.',
  }),
  secret: (name: string, hosts: readonly string[]) => ({
    title: `Use the secret ${name}`,
    meaning:
      hosts.length === 0
        ? 'Its value is given to each run, which may send it to any host it may connect to.'
        : `Its value is given to each run, which then connects to ${hosts.join(', ')} and nowhere else.`,
  }),
  other: (text: string) => ({ title: text, meaning: 'See its description for what this is used for.' }),
  none: 'It has no network, no disk of its own, no secrets. It sees its input and nothing else.',
};

export const install = {
  title: (name: string) => `Install ${name}`,
  into: (tenant: string) => `for ${tenant}`,
  asks: 'It asks for the following. Each needs your approval; removing the installation takes it back.',
  unapproved: 'Tick each permission to approve it. Without them it is not installed.',
  updates: 'Versions',
  compatible: (version: string) => `${version} and compatible updates`,
  compatibleHint: 'A newer version that wants more permissions waits for your approval.',
  exact: (version: string) => `Exactly ${version}`,
  exactHint: 'Stays until you change it.',
  submit: 'Install',
  submitApproving: 'Approve and install',
  working: 'Installing…',
};
