import { buildCommand, buildRouteMap } from '@stricli/core';

import type { CreateFlags } from '../actions/api-keys.ts';
import type { AuditFlags, ExportFlags, VerifyFlags } from '../actions/audit.ts';
import type { Context, JsonFlag } from '../context.ts';
import { SCOPES } from './choices.ts';
import { count, json, one, text } from './flags.ts';

export const usage = buildCommand<JsonFlag, [], Context>({
  docs: { brief: 'What this month has used and cost' },
  parameters: { flags: { json } },
  loader: async () => (await import('../actions/spending.ts')).usage,
});

export const budget = buildRouteMap({
  docs: { brief: 'The most a month may cost' },
  routes: {
    get: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'The limit' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/spending.ts')).showBudget,
    }),
    set: buildCommand<JsonFlag, [string], Context>({
      docs: { brief: 'Change the limit' },
      parameters: { positional: one('dollars', 'US dollars a calendar month, such as 25 or 0.50'), flags: { json } },
      loader: async () => (await import('../actions/spending.ts')).changeBudget,
    }),
  },
});

export const cost = buildCommand<JsonFlag, [string], Context>({
  docs: { brief: 'What a run of an installed capsule can cost at most, and why' },
  parameters: { positional: one('capsule', 'publisher/slug or ins_…'), flags: { json } },
  loader: async () => (await import('../actions/spending.ts')).cost,
});

export const audit = buildRouteMap({
  docs: { brief: 'The audit log: list it, verify it, take it away' },
  routes: {
    list: buildCommand<AuditFlags, [], Context>({
      docs: { brief: 'What happened, newest first' },
      parameters: {
        flags: {
          json,
          action: text('Only this action, such as run.create', 'action'),
          actor: text('Only by this actor', 'id'),
          target: text('Only on this target', 'id'),
          outcome: { kind: 'enum', values: ['success', 'refused'], brief: 'Only with this outcome', optional: true },
          since: text('Only at or after this instant, RFC 3339', 'instant'),
          until: text('Only before this instant, RFC 3339', 'instant'),
          limit: count('How many at most', 20),
        },
      },
      loader: async () => (await import('../actions/audit.ts')).list,
    }),
    verify: buildCommand<VerifyFlags, [], Context>({
      docs: {
        brief: 'Prove that the log is complete and unaltered',
        fullDescription:
          'Hashes every entry anew, builds the tree and compares its root with the signed checkpoint. With --file it verifies an export, offline.',
      },
      parameters: {
        flags: {
          json,
          file: text('An export to verify in place of the live log', 'file'),
          publicKey: text('PEM of the key that signs checkpoints (default: asks the platform)', 'file'),
        },
      },
      loader: async () => (await import('../actions/audit.ts')).verify,
    }),
    export: buildCommand<ExportFlags, [], Context>({
      docs: { brief: 'The whole log with its checkpoint, as JSON lines' },
      parameters: { flags: { out: text('Where to (default: stdout)', 'file') } },
      loader: async () => (await import('../actions/audit.ts')).exportLog,
    }),
  },
});

export const apiKeys = buildRouteMap({
  docs: { brief: 'API keys of the tenant' },
  routes: {
    create: buildCommand<CreateFlags, [string], Context>({
      docs: { brief: 'Make a key; it is shown once' },
      parameters: {
        positional: one('name', 'What to call it'),
        flags: {
          json,
          scope: { kind: 'enum', values: SCOPES, brief: 'What it may do; no more than you may', variadic: true },
          days: count('How long it lives', 90),
        },
      },
      loader: async () => (await import('../actions/api-keys.ts')).create,
    }),
    list: buildCommand<JsonFlag, [], Context>({
      docs: { brief: 'The keys, revoked ones too' },
      parameters: { flags: { json } },
      loader: async () => (await import('../actions/api-keys.ts')).list,
    }),
    revoke: buildCommand<object, [string], Context>({
      docs: { brief: 'End a key' },
      parameters: { positional: one('id', 'key_…, from soma api-keys list') },
      loader: async () => (await import('../actions/api-keys.ts')).revoke,
    }),
  },
});
