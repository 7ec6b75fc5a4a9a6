import { buildCommand, buildRouteMap } from '@stricli/core';

import type { AddFlags as AddScheduleFlags } from '../actions/schedules.ts';
import type { AddFlags as AddWebhookFlags, DeliveriesFlags, RotateFlags } from '../actions/webhooks.ts';
import type { Context, JsonFlag } from '../context.ts';
import { DELIVERY_STATES } from './choices.ts';
import { count, json, one, text, texts, toggle, upToNumber } from './flags.ts';

const scheduleId = one('id', 'sch_…, from soma schedules list');
const webhookId = one('id', 'whk_…, from soma webhooks list');

export const schedules = buildRouteMap({
  docs: { brief: 'Runs at the instants of a time table' },
  routes: {
    add: buildCommand<AddScheduleFlags, [string], Context>({
      docs: {
        brief: 'Run an installed capsule on a schedule',
        fullDescription:
          'Every instant starts at most one run. What was missed while the platform was away is made up for by one run, of the latest instant.',
      },
      parameters: {
        positional: one('capsule', 'publisher/slug or ins_…'),
        flags: {
          json,
          name: text('What to call it (default: capsule and cron)', 'name'),
          cron: {
            kind: 'parsed',
            parse: String,
            brief: 'Five fields, such as "30 6 * * MON-FRI"',
            placeholder: 'cron',
          },
          zone: { kind: 'parsed', parse: String, brief: 'IANA time zone', placeholder: 'zone', default: 'UTC' },
          input: text('A file of JSON, - for stdin, or JSON itself', 'input'),
          file: texts('Put the content of a file into a member of the input', 'name=path'),
          allowOverlap: toggle('Start a run even while the last one is open'),
        },
        aliases: { i: 'input', f: 'file' },
      },
      loader: async () => (await import('../actions/schedules.ts')).add,
    }),
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'The schedules, when they fire next, and what came of the last time' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/schedules.ts')).list,
    }),
    show: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'One schedule; with --json its input too' },
      parameters: { positional: scheduleId, flags: { json } },
      loader: async () => (await import('../actions/schedules.ts')).show,
    }),
    pause: buildCommand<object, [string], Context>({
      docs: { brief: 'Start nothing for now' },
      parameters: { positional: scheduleId },
      loader: async () => (await import('../actions/schedules.ts')).pause,
    }),
    resume: buildCommand<object, [string], Context>({
      docs: { brief: 'Go on, from now' },
      parameters: { positional: scheduleId },
      loader: async () => (await import('../actions/schedules.ts')).resume,
    }),
    remove: buildCommand<object, [string], Context>({
      docs: { brief: 'Remove a schedule' },
      parameters: { positional: scheduleId },
      loader: async () => (await import('../actions/schedules.ts')).remove,
    }),
  },
});

export const webhooks = buildRouteMap({
  docs: { brief: 'Signed messages to your own systems when a run has ended' },
  routes: {
    add: buildCommand<AddWebhookFlags, [string], Context>({
      docs: { brief: 'Send messages to a URL; the secret is shown once' },
      parameters: {
        positional: one('url', 'https://…'),
        flags: { json, only: text('Only runs of this capsule', 'capsule') },
      },
      loader: async () => (await import('../actions/webhooks.ts')).add,
    }),
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'The webhooks' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/webhooks.ts')).list,
    }),
    rotate: buildCommand<RotateFlags, [string], Context>({
      docs: { brief: 'Make another secret; it is shown once' },
      parameters: {
        positional: webhookId,
        flags: {
          json,
          overlapHours: {
            kind: 'parsed',
            parse: upToNumber(72),
            brief: 'How long the secrets before it sign on (default: 24)',
            placeholder: 'hours',
            optional: true,
          },
        },
      },
      loader: async () => (await import('../actions/webhooks.ts')).rotate,
    }),
    ping: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'Send a message that says nothing' },
      parameters: { positional: webhookId, flags: { json } },
      loader: async () => (await import('../actions/webhooks.ts')).ping,
    }),
    deliveries: buildCommand<DeliveriesFlags, [string], Context>({
      docs: { brief: 'What was sent, given up, or waits' },
      parameters: {
        positional: webhookId,
        flags: {
          json,
          state: { kind: 'enum', values: DELIVERY_STATES, brief: 'Only in this state', optional: true },
          limit: count('How many at most', 20),
        },
      },
      loader: async () => (await import('../actions/webhooks.ts')).deliveries,
    }),
    retry: buildCommand<JsonFlag, [string, string], Context>({
      docs: { brief: 'Send a delivery once more, under the same id' },
      parameters: {
        positional: {
          kind: 'tuple',
          parameters: [...webhookId.parameters, { parse: String, placeholder: 'delivery', brief: 'dlv_…' }],
        },
        flags: { json },
      },
      loader: async () => (await import('../actions/webhooks.ts')).retry,
    }),
    pause: buildCommand<object, [string], Context>({
      docs: { brief: 'Send nothing for now, and keep nothing to be sent' },
      parameters: { positional: webhookId },
      loader: async () => (await import('../actions/webhooks.ts')).pause,
    }),
    resume: buildCommand<object, [string], Context>({
      docs: { brief: 'Go on, also after it was disabled for failing' },
      parameters: { positional: webhookId },
      loader: async () => (await import('../actions/webhooks.ts')).resume,
    }),
    remove: buildCommand<object, [string], Context>({
      docs: { brief: 'Remove a webhook' },
      parameters: { positional: webhookId },
      loader: async () => (await import('../actions/webhooks.ts')).remove,
    }),
  },
});
