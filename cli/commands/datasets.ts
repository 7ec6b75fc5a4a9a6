import { buildCommand, buildRouteMap } from '@stricli/core';

import type { KeepFlags } from '../actions/datasets.ts';
import type { Context, JsonFlag } from '../context.ts';
import { json, one, wholeNumber } from './flags.ts';

const installation = one('capsule', 'publisher/slug or ins_…; also one that was removed, by its id');
const dataset = {
  kind: 'tuple',
  parameters: [...installation.parameters, { parse: String, placeholder: 'name', brief: 'Which data set' }],
} as const;

export const datasets = buildRouteMap({
  docs: { brief: 'Rows that the runs of an installation have pushed' },
  routes: {
    list: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'Which data sets, and how much is in them' },
      parameters: { positional: installation, flags: { json } },
      loader: async () => (await import('../actions/datasets.ts')).list,
    }),
    read: buildCommand<object, [string, string], Context>({
      docs: { brief: 'Every row as JSON, one a line, oldest first' },
      parameters: { positional: dataset },
      loader: async () => (await import('../actions/datasets.ts')).read,
    }),
    keep: buildCommand<KeepFlags, [string, string], Context>({
      docs: {
        brief: 'Say how long rows are kept, those that are there too',
        fullDescription: 'Without --days: as long as the capsule says, or until they are deleted.',
      },
      parameters: {
        positional: dataset,
        flags: {
          json,
          days: {
            kind: 'parsed',
            parse: wholeNumber,
            brief: 'After the end of their run',
            placeholder: 'n',
            optional: true,
          },
        },
      },
      loader: async () => (await import('../actions/datasets.ts')).keep,
    }),
    delete: buildCommand<object, [string, string], Context>({
      docs: { brief: 'Delete every row of a data set' },
      parameters: { positional: dataset },
      loader: async () => (await import('../actions/datasets.ts')).remove,
    }),
  },
});
