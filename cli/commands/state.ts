import { buildCommand, buildRouteMap } from '@stricli/core';

import type { Context, JsonFlag } from '../context.ts';
import { json, one } from './flags.ts';

const installation = one('capsule', 'publisher/slug or ins_…');
const entry = {
  kind: 'tuple',
  parameters: [...installation.parameters, { parse: String, placeholder: 'key', brief: 'As soma state list shows it' }],
} as const;

export const state = buildRouteMap({
  docs: { brief: 'Keys and values that one run of an installation notes down and the next one reads' },
  routes: {
    list: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'The keys; with --json their values too' },
      parameters: { positional: installation, flags: { json } },
      loader: async () => (await import('../actions/state.ts')).list,
    }),
    get: buildCommand<object, [string, string], Context>({
      docs: { brief: 'The value of a key, as JSON' },
      parameters: { positional: entry },
      loader: async () => (await import('../actions/state.ts')).get,
    }),
    set: buildCommand<JsonFlag, [string, string], Context>({
      docs: {
        brief: 'Give a key the JSON that comes on stdin',
        fullDescription: 'Such as: echo 41 | soma state set acme/counter count',
      },
      parameters: { positional: entry, flags: { json } },
      loader: async () => (await import('../actions/state.ts')).set,
    }),
    delete: buildCommand<object, [string, string], Context>({
      docs: { brief: 'Delete a key' },
      parameters: { positional: entry },
      loader: async () => (await import('../actions/state.ts')).remove,
    }),
    clear: buildCommand<object, [string], Context>({
      docs: { brief: 'Delete all keys' },
      parameters: { positional: installation },
      loader: async () => (await import('../actions/state.ts')).clear,
    }),
  },
});
