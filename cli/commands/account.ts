import { buildCommand, buildRouteMap } from '@stricli/core';

import type { CreateTenantFlags, LoginFlags } from '../actions/account.ts';
import type { Context, JsonFlag } from '../context.ts';
import { CELL_NAMES } from './choices.ts';
import { json, one, text } from './flags.ts';

export const login = buildCommand<LoginFlags, [], Context>({
  docs: {
    brief: 'Log in: in the browser, or with an API key',
    fullDescription:
      'Shows an address and a code to confirm in a browser, and waits. With --api-key it keeps that key instead; "-" reads it from stdin, so that no shell history holds it.',
  },
  parameters: {
    flags: {
      apiKey: text('An API key to keep, or - for stdin', 'key'),
      email: text('Whose account', 'address'),
      region: {
        kind: 'enum',
        values: CELL_NAMES,
        brief: 'Where the account lives, in place of its address',
        optional: true,
      },
    },
  },
  loader: async () => (await import('../actions/account.ts')).login,
});

export const logout = buildCommand<object, [], Context>({
  docs: { brief: 'End the session, and forget the credential of this platform' },
  parameters: {},
  loader: async () => (await import('../actions/account.ts')).logout,
});

export const whoami = buildCommand<JsonFlag, [], Context>({
  docs: { brief: 'Who the credential is, and which tenant it acts for' },
  parameters: { flags: { json } },
  loader: async () => (await import('../actions/account.ts')).whoami,
});

export const tenants = buildRouteMap({
  docs: { brief: 'Organisations: list yours, make one, choose one' },
  routes: {
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'The tenants you are a member of' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/account.ts')).listTenants,
    }),
    create: buildCommand<CreateTenantFlags, [string], Context>({
      docs: { brief: 'Make a tenant in the region of your account' },
      parameters: {
        positional: one('handle', 'Its name in capsule names: lower-case letters, digits and dashes'),
        flags: {
          json,
          name: text('Its name for people', 'name'),
          residency: {
            kind: 'enum',
            values: ['pinned', 'replicated'],
            brief: 'Whether its data may follow to another region (default: pinned)',
            optional: true,
          },
        },
      },
      loader: async () => (await import('../actions/account.ts')).createTenantAndUse,
    }),
    use: buildCommand<object, [string], Context>({
      docs: { brief: 'Act for this tenant from now on' },
      parameters: { positional: one('tenant', 'Handle or id') },
      loader: async () => (await import('../actions/account.ts')).useTenant,
    }),
  },
});
