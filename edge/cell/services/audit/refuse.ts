import { sql } from 'drizzle-orm';

import type { DomainError } from '#contracts/errors';
import { auditEntries } from '#db/postgres/schema/index';

import type { Verb } from '../../context.ts';
import { wakeRelay } from '../transact.ts';
import { auditRecord } from './record.ts';

interface Refused {
  readonly action: string;
  readonly target: string;
  readonly refusal: DomainError;
}

const MAX_TARGET_LENGTH = 300;

/**
 * Records that a tenant's request was refused. A tenant over its rate limit leaves one such entry a minute:
 * the log says that it happened, and cannot be flooded by it.
 */
export async function recordRefusal({ ctx, input: { action, target, refusal } }: Verb<Refused>): Promise<void> {
  const record = auditRecord(ctx, {
    action,
    target: target.slice(0, MAX_TARGET_LENGTH),
    outcome: 'refused',
    reason: refusal.code,
  });
  if (refusal.code === 'rate_limited') {
    await ctx.db.execute(sql`
      insert into ${auditEntries} (id, tenant_id, record)
      select ${record.id}, ${ctx.tenant.id}, ${JSON.stringify(record)}::jsonb
      where not exists (
        select from ${auditEntries}
        where tenant_id = ${ctx.tenant.id} and created_at > now() - interval '1 minute'
          and record ->> 'reason' = 'rate_limited')`);
  } else {
    await ctx.db.insert(auditEntries).values({ id: record.id, tenantId: ctx.tenant.id, record });
  }
  wakeRelay(ctx);
}
