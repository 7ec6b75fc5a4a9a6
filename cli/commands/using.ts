import { buildCommand, buildRouteMap } from '@stricli/core';

import type { SearchFlags } from '../actions/catalogue.ts';
import type { ReceiptFlags } from '../actions/receipt.ts';
import type { RerunFlags, RunFlags } from '../actions/run.ts';
import type { LogsFlags, RunsFlags } from '../actions/runs.ts';
import type { Context, JsonFlag } from '../context.ts';
import { RUN_STATES } from './choices.ts';
import { capsule, count, json, one, text, texts, toggle, wholeNumber } from './flags.ts';

const runId = one('run', 'run_…, from soma runs');

const runFlags = {
  json,
  input: text('A file of JSON, - for stdin, or JSON itself', 'input'),
  file: texts('Put the content of a file into a member of the input: text where it is UTF-8, else base64', 'name=path'),
  detach: toggle('Start it and leave'),
  idempotencyKey: text('The same key starts the same run once', 'key'),
} as const;
const runAliases = { i: 'input', f: 'file', d: 'detach' } as const;

export const search = buildCommand<SearchFlags, string[], Context>({
  docs: { brief: 'Find capsules' },
  parameters: {
    positional: { kind: 'array', parameter: { parse: String, placeholder: 'words', brief: 'What to look for' } },
    flags: {
      json,
      category: text('Only this category', 'category'),
      publisher: text('Only of this publisher, and also what has no active version', 'handle'),
      limit: count('How many at most', 20),
    },
  },
  loader: async () => (await import('../actions/catalogue.ts')).search,
});

export const show = buildCommand<JsonFlag, [string], Context>({
  docs: { brief: 'A capsule: what it does, touches and costs, and its versions' },
  parameters: { positional: capsule, flags: { json } },
  loader: async () => (await import('../actions/catalogue.ts')).show,
});

export const run = buildCommand<RunFlags, [string], Context>({
  docs: {
    brief: 'Run an installed capsule and watch it',
    fullDescription:
      'The result goes to stdout, everything the capsule says on the way to stderr. A connection that breaks is taken up where it broke. The exit code is 0 only where the run succeeded. Ctrl-C cancels the run.',
  },
  parameters: {
    positional: one('capsule', 'publisher/slug or ins_…'),
    flags: runFlags,
    aliases: runAliases,
  },
  loader: async () => (await import('../actions/run.ts')).run,
});

export const rerun = buildCommand<RerunFlags, [string], Context>({
  docs: {
    brief: 'Run the same once more, and watch it',
    fullDescription:
      'With the input of that run, or with another; of the version that ran, or with --current of the one the installation takes now.',
  },
  parameters: {
    positional: runId,
    flags: { ...runFlags, current: toggle('Run the version the installation takes now') },
    aliases: runAliases,
  },
  loader: async () => (await import('../actions/run.ts')).rerun,
});

export const runs = buildCommand<RunsFlags, [], Context>({
  docs: { brief: 'Runs, newest first' },
  parameters: {
    flags: {
      json,
      state: { kind: 'enum', values: RUN_STATES, brief: 'Only runs in this state', optional: true },
      capsule: text('Only runs of this capsule', 'publisher/slug'),
      since: text('Only runs created at or after this instant, RFC 3339', 'instant'),
      limit: count('How many at most', 20),
    },
  },
  loader: async () => (await import('../actions/runs.ts')).runs,
});

export const showRun = buildCommand<JsonFlag, [string], Context>({
  docs: { brief: 'One run; with --json its output and receipt too' },
  parameters: { positional: runId, flags: { json } },
  loader: async () => (await import('../actions/runs.ts')).showRun,
});

export const logs = buildCommand<LogsFlags, [string], Context>({
  docs: { brief: 'What a run has said; with --follow until it ends' },
  parameters: {
    positional: runId,
    flags: {
      json: { kind: 'boolean', brief: 'Every frame as JSON, one a line', default: false },
      follow: toggle('Stay until the run ends'),
      after: {
        kind: 'parsed',
        parse: wholeNumber,
        brief: 'Only frames after this number',
        placeholder: 'seq',
        optional: true,
      },
    },
    aliases: { f: 'follow' },
  },
  loader: async () => (await import('../actions/runs.ts')).logs,
});

export const cancel = buildCommand<JsonFlag, [string], Context>({
  docs: { brief: 'End a run now' },
  parameters: { positional: runId, flags: { json } },
  loader: async () => (await import('../actions/runs.ts')).cancel,
});

const receiptOf = one('receipt', 'run_…, a file that holds a receipt, or - for stdin');

export const receipt = buildRouteMap({
  docs: { brief: "A run's signed receipt: show it, verify it" },
  routes: {
    show: buildCommand<JsonFlag & { readonly raw: boolean }, [string], Context>({
      docs: { brief: 'What a receipt states, unverified' },
      parameters: { positional: receiptOf, flags: { json, raw: toggle('The JWS itself') } },
      loader: async () => (await import('../actions/receipt.ts')).show,
    }),
    verify: buildCommand<ReceiptFlags, [string], Context>({
      docs: {
        brief: 'Prove that a runner of this platform signed it, and when',
        fullDescription:
          'With a file for the receipt and one for --trust-bundle nothing is asked of anyone: it works offline.',
      },
      parameters: {
        positional: receiptOf,
        flags: {
          json,
          trustBundle: text('PEM of the authorities (default: asks the platform)', 'file'),
          trustDomain: text("The runners' SPIFFE trust domain, where it is known beforehand", 'domain'),
        },
      },
      loader: async () => (await import('../actions/receipt.ts')).verify,
    }),
    trustBundle: buildCommand<object, [], Context>({
      docs: { brief: 'The authorities that certify runners, as PEM: keep it to verify offline' },
      parameters: {},
      loader: async () => (await import('../actions/receipt.ts')).trustBundle,
    }),
  },
});
