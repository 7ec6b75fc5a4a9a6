import { buildCommand, buildRouteMap } from '@stricli/core';

import type { InstallFlags } from '../actions/installations.ts';
import type { Context, JsonFlag } from '../context.ts';
import type { ChangeFlags, FileRetention, RunLimit } from '../installation-change.ts';
import { ISOLATION_NAMES } from './choices.ts';
import { capsule, json, one, text, texts, toggle, wholeNumber } from './flags.ts';

const installation = one('capsule', 'publisher/slug or ins_…');

const range = text('A SemVer range such as ^1.2.0, or one exact version', 'range');
const isolation = {
  kind: 'enum',
  values: ISOLATION_NAMES,
  brief: 'The least that its runs get; strict puts each behind a kernel of its own',
  optional: true,
} as const;
const maxConcurrentRuns = {
  kind: 'parsed',
  parse: runLimit,
  brief: 'How many of its runs may be open at once, or unlimited',
  placeholder: 'n',
  optional: true,
} as const;
const artifactRetentionDays = {
  kind: 'parsed',
  parse: fileRetention,
  brief: 'How many days files are kept after their run, those that are there too, or default: as the capsule says',
  placeholder: 'n',
  optional: true,
} as const;
const approve = texts('Grant a permission, such as egress:api.example.com:443', 'permission');

function runLimit(input: string): RunLimit {
  return { most: input === 'unlimited' ? null : wholeNumber(input) };
}

function fileRetention(input: string): FileRetention {
  return { days: input === 'default' ? null : wholeNumber(input) };
}

export const install = buildCommand<InstallFlags, [string], Context>({
  docs: {
    brief: 'Install a capsule and grant what it may touch',
    fullDescription:
      'What the capsule wants to touch is listed and asked for; without a terminal it must be granted with --approve, one permission each.',
  },
  parameters: {
    positional: capsule,
    flags: {
      json,
      range,
      isolation,
      maxConcurrentRuns,
      artifactRetentionDays,
      approve,
      approveAll: toggle('Grant everything its latest version wants'),
    },
  },
  loader: async () => (await import('../actions/installations.ts')).install,
});

export const uninstall = buildCommand<object, [string], Context>({
  docs: { brief: 'Remove an installation' },
  parameters: { positional: installation },
  loader: async () => (await import('../actions/installations.ts')).uninstall,
});

export const installations = buildRouteMap({
  docs: { brief: 'What is installed: list it, show it, set what it may do' },
  routes: {
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'What is installed, and what it may touch' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/installations.ts')).list,
    }),
    show: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'One installation, and the version that a run of it would get' },
      parameters: { positional: installation, flags: { json } },
      loader: async () => (await import('../actions/installations.ts')).show,
    }),
    set: buildCommand<ChangeFlags & JsonFlag, [string], Context>({
      docs: {
        brief: 'Change what an installation takes and may do',
        fullDescription:
          'What no flag names stays as it is. It holds for the runs that start from now on; how long files are kept counts for those that are there too. A change that leaves a version without what it needs is refused; what a range needs in addition is listed and asked for.',
      },
      parameters: {
        positional: installation,
        flags: {
          json,
          range,
          isolation,
          maxConcurrentRuns,
          artifactRetentionDays,
          approve,
          revoke: texts('Take a permission back', 'permission'),
        },
      },
      loader: async () => (await import('../actions/installations.ts')).set,
    }),
  },
});
