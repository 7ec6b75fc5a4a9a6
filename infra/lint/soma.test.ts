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
    'export async function part(tx, ctx) { await tx.insert(rows) }',
    'export async function c({ platform, input }) { await countAttempt(platform); return transact(platform, (tx) => recordForPerson(tx)) }',
    'async function inner(ctx) { return transact(ctx) }',
    'export function forget({ db }, key) { cache.delete(key) }',
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
    {
      code: 'export async function c(ctx, input) { requirePermission(ctx); return transact(ctx, work) }',
      errors: [{ message: "'c' calls transact() without recordAudit()." }],
    },
    {
      code: 'export const d = async ({ platform }) => { await countAttempt(platform); await platform.db.insert(rows) }',
      errors: [{ message: "'d' calls db.insert() without recordAudit()." }],
    },
    {
      code: 'export async function e({ db, now }) { recordAudit(db); await db.delete(rows) }',
      errors: [{ message: "'e' calls db.delete() without requirePermission()." }],
    },
  ],
});
