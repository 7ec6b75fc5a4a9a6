import { buildCommand, buildRouteMap } from '@stricli/core';

import type { DownloadFlags } from '../actions/artifacts.ts';
import type { Context, JsonFlag } from '../context.ts';
import { json, one, text } from './flags.ts';

const run = one('run', 'run_…');

export const artifacts = buildRouteMap({
  docs: { brief: 'The files that a run left' },
  routes: {
    list: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'Which files, and until when they are kept' },
      parameters: { positional: run, flags: { json } },
      loader: async () => (await import('../actions/artifacts.ts')).list,
    }),
    download: buildCommand<DownloadFlags, [string], Context>({
      docs: {
        brief: 'Write them all into a folder',
        fullDescription:
          'Each file is compared with the digest that the receipt attests. No file is written over; one that came already is not fetched again.',
      },
      parameters: {
        positional: run,
        flags: { out: text('Where to (default: a folder named like the run)', 'folder') },
      },
      loader: async () => (await import('../actions/artifacts.ts')).download,
    }),
  },
});
