import { buildCommand, buildRouteMap } from '@stricli/core';

import type { LayerFlags } from '../actions/layers.ts';
import type { InitFlags, KeyFlag } from '../actions/publish.ts';
import type { StatusFlags } from '../actions/versions.ts';
import type { Context, JsonFlag } from '../context.ts';
import { VERSION_STATUSES } from './choices.ts';
import { atMostOne, capsule, json, key, one, text, toggle } from './flags.ts';

const folder = atMostOne('dir', 'Folder of the capsule (default: this one)');

export const init = buildCommand<InitFlags, [string?], Context>({
  docs: { brief: 'Make a capsule to start from: capsule.json, code, a sample input, a README' },
  parameters: {
    positional: atMostOne('dir', 'A new or empty folder (default: this one)'),
    flags: {
      template: { kind: 'enum', values: ['node', 'python', 'wasm'], brief: 'The language', optional: true },
      publisher: text('Handle to publish under (default: your tenant)', 'handle'),
    },
  },
  loader: async () => (await import('../actions/publish.ts')).init,
});

export const pack = buildCommand<
  KeyFlag & JsonFlag & { readonly out?: string; readonly unsigned: boolean },
  [string?],
  Context
>({
  docs: { brief: 'Write the bundle and its signature to files, sending nothing' },
  parameters: {
    positional: folder,
    flags: { key, json, out: text('Where to (default: here)', 'dir'), unsigned: toggle('The bundle alone') },
  },
  loader: async () => (await import('../actions/publish.ts')).pack,
});

export const publish = buildCommand<KeyFlag & JsonFlag, [string?], Context>({
  docs: {
    brief: 'Pack, sign and publish a version',
    fullDescription:
      'The same files give the same bytes; publishing them again changes nothing. A version never changes: other content needs a higher one. .capsuleignore names what stays out.',
  },
  parameters: { positional: folder, flags: { key, json } },
  loader: async () => (await import('../actions/publish.ts')).publish,
});

export const layers = buildRouteMap({
  docs: { brief: 'Layers of dependencies, published once for many capsules' },
  routes: {
    publish: buildCommand<LayerFlags, [string?], Context>({
      docs: {
        brief: 'Pack, sign and publish what is installed in a folder',
        fullDescription:
          'Takes the folder\'s node_modules/ (npm install --omit=dev) or site-packages/ (pip install --target site-packages). A version names the layer in "layers" of its capsule.json.',
      },
      parameters: {
        positional: atMostOne('dir', 'The folder that holds it (default: this one)'),
        flags: {
          runtime: { kind: 'enum', values: ['node24', 'python3.11'], brief: 'What the dependencies are for' },
          key,
          json,
        },
      },
      loader: async () => (await import('../actions/layers.ts')).publish,
    }),
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'Layers that this tenant published' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/layers.ts')).list,
    }),
  },
});

export const versions = buildRouteMap({
  docs: { brief: 'Versions of a capsule: list them, deprecate or yank your own' },
  routes: {
    list: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'The versions, greatest first' },
      parameters: { positional: capsule, flags: { json } },
      loader: async () => (await import('../actions/versions.ts')).list,
    }),
    set: buildCommand<StatusFlags, [string, string], Context>({
      docs: {
        brief: 'Deprecate, yank or reinstate a version',
        fullDescription:
          'A deprecated version still runs where it is pinned, and no range takes it. A yanked one never starts, also where it is pinned, until it is active again.',
      },
      parameters: {
        positional: {
          kind: 'tuple',
          parameters: [...capsule.parameters, { parse: String, placeholder: 'version', brief: 'Which one' }],
        },
        flags: { json, status: { kind: 'enum', values: VERSION_STATUSES, brief: 'What becomes of it' } },
      },
      loader: async () => (await import('../actions/versions.ts')).set,
    }),
  },
});

export const keys = buildRouteMap({
  docs: { brief: 'Signing keys: make, register, list, revoke' },
  routes: {
    create: buildCommand<JsonFlag, [string?], Context>({
      docs: { brief: 'Make an ECDSA P-256 key on this machine' },
      parameters: { positional: atMostOne('name', 'What to call it (default: default)'), flags: { json } },
      loader: async () => (await import('../actions/keys.ts')).create,
    }),
    register: buildCommand<JsonFlag, [string?], Context>({
      docs: { brief: 'Tell the platform the public half, so that it accepts what the key signs' },
      parameters: { positional: atMostOne('name', 'Which key, where there are several'), flags: { json } },
      loader: async () => (await import('../actions/keys.ts')).register,
    }),
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'Keys on this machine and keys registered' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/keys.ts')).list,
    }),
    revoke: buildCommand<object, [string], Context>({
      docs: { brief: 'Accept nothing more that this key signs' },
      parameters: { positional: one('id', 'pky_…, from soma keys list') },
      loader: async () => (await import('../actions/keys.ts')).revoke,
    }),
  },
});
