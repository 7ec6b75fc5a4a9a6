import type { ScheduleOutcome } from '#contracts/api/schedules';
import type { WebhookDelivery } from '#contracts/api/webhooks';

import { counted } from './format.ts';

export const automation = {
  title: 'Automation',
  lead: 'Runs at the instants of a time table, and messages to your own systems when a run has ended.',
  pause: 'Pause',
  resume: 'Resume',
  remove: 'Remove',
  paused: 'paused',
};

export const schedules = {
  title: 'Schedules',
  none: 'No schedule yet. Install a capsule, then choose when it runs.',
  create: 'Add a schedule',
  capsule: 'Capsule',
  name: 'Name',
  cron: 'Cron',
  cronHint: 'Minute, hour, day of month, month, day of week, such as 30 6 * * MON-FRI.',
  zone: 'Time zone',
  zoneHint: 'An IANA name, such as Europe/Berlin.',
  input: 'Input, as JSON',
  overlap: 'Start a run even while the last one is open',
  submit: 'Add schedule',
  working: 'Adding…',
  columns: { schedule: 'Schedule', when: 'When', next: 'Next', last: 'Last' },
  never: 'not yet',
  outcome: { started: 'started', skipped: 'skipped', refused: 'refused' } satisfies Record<
    ScheduleOutcome['kind'],
    string
  >,
  pauseNamed: (name: string) => `Pause ${name}`,
  resumeNamed: (name: string) => `Resume ${name}`,
  removeNamed: (name: string) => `Remove ${name}`,
  confirmTitle: (name: string) => `Remove ${name}?`,
  confirm: 'Nothing starts from it any more. The runs it started stay.',
};

export const webhooks = {
  title: 'Webhooks',
  none: 'No webhook yet. Add a URL of yours that wants to hear when a run has ended.',
  create: 'Add a webhook',
  url: 'URL',
  urlHint: 'https, a public host name.',
  only: 'Only runs of',
  anyCapsule: 'any capsule',
  submit: 'Add webhook',
  working: 'Adding…',
  shownOnce: 'Copy it now: your receiver verifies messages with it. It will not be shown again.',
  columns: { url: 'URL', only: 'Only', state: 'State' },
  enabled: 'enabled',
  disabled: 'disabled',
  deliveries: 'Deliveries',
  deliveriesOf: (url: string) => `Deliveries to ${url}`,
  noDelivery: 'Nothing was sent yet.',
  ping: 'Send a ping',
  retry: 'Send again',
  state: { pending: 'waiting', delivered: 'delivered', dead: 'given up' } satisfies Record<
    WebhookDelivery['state'],
    string
  >,
  attempts: (n: number) => counted(n, 'attempt', 'attempts'),
  confirmTitle: (url: string) => `Remove ${url}?`,
  confirm: 'Nothing more is sent, and what waits to be sent is forgotten.',
};
