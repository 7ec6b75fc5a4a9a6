import { buildCommand, buildRouteMap } from '@stricli/core';

import type { Context, JsonFlag } from '../context.ts';
import { json, one } from './flags.ts';

const installation = one('capsule', 'publisher/slug or ins_…');
const secret = {
  kind: 'tuple',
  parameters: [...installation.parameters, { parse: String, placeholder: 'NAME', brief: 'As the capsule declares it' }],
} as const;

export const secrets = buildRouteMap({
  docs: { brief: 'Values that the runs of an installation get' },
  routes: {
    set: buildCommand<JsonFlag, [string, string], Context>({
      docs: {
        brief: 'Set a secret',
        fullDescription:
          'The value is asked for, or read from stdin without its last newline; it is never an argument. Nobody can read it back.',
      },
      parameters: { positional: secret, flags: { json } },
      loader: async () => (await import('../actions/secrets.ts')).set,
    }),
    list: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'Which secrets are set, when and by whom' },
      parameters: { positional: installation, flags: { json } },
      loader: async () => (await import('../actions/secrets.ts')).list,
    }),
    remove: buildCommand<object, [string, string], Context>({
      docs: { brief: 'Forget a secret' },
      parameters: { positional: secret },
      loader: async () => (await import('../actions/secrets.ts')).remove,
    }),
  },
});
