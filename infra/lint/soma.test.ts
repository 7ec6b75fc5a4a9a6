import { RuleTester } from 'oxlint/plugins-dev';
import { describe, it } from 'vitest';

// @ts-expect-error the plugin is plain JavaScript, as the linter loads it
import plugin from './soma.js';

RuleTester.describe = describe;
RuleTester.it = it;

new RuleTester().run('verb-has-beats', plugin.rules['verb-has-beats'], {
  valid: [
    'export async function read({ ctx }) { return 1 }',
    'export async function a({ ctx }) { requirePermission(ctx); return transact(ctx, async (tx) => { await recordAudit(tx) }) }',
    'export async function transactish(ctx) { return transact(ctx) }',
  ],
  invalid: [
    {
      code: 'export async function a({ ctx }) { return transact(ctx, async (tx) => { await recordAudit(tx) }) }',
      errors: [{ message: "'a' calls transact() without requirePermission()." }],
    },
    {
      code: 'export async function b({ ctx }) { requirePermission(ctx); return writeOnce(ctx, statement) }',
      errors: [{ message: "'b' calls writeOnce() without recordAudit()." }],
    },
  ],
});
