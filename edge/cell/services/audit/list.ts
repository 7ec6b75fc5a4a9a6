import { and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import type { z } from 'zod';

import { type AuditItem, type AuditPage, AuditQuery } from '#contracts/api/audit';
import { InvalidInput } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import { auditEntries } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';

/** The tenant's entries, newest first, whether they are in the chain already or still on the way to it. */
export async function listAudit({ ctx, input }: Verb<z.input<typeof AuditQuery>>): Promise<AuditPage> {
  requirePermission(ctx, 'audit:read');
  const query = AuditQuery.parse(input);
  const { record } = auditEntries;
  const rows = await ctx.db
    .select({ id: auditEntries.id, record, seq: auditEntries.chainedSeq })
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.tenantId, ctx.tenant.id),
        query.cursor === undefined ? undefined : lt(auditEntries.id, readCursor(query.cursor)),
        query.action === undefined ? undefined : eq(sql`${record} ->> 'action'`, query.action),
        query.outcome === undefined ? undefined : eq(sql`${record} ->> 'outcome'`, query.outcome),
        query.actor === undefined ? undefined : eq(sql`${record} -> 'actor' ->> 'id'`, query.actor),
        query.target === undefined ? undefined : eq(sql`${record} ->> 'target'`, query.target),
        query.since === undefined ? undefined : gte(auditEntries.createdAt, new Date(query.since)),
        query.until === undefined ? undefined : lt(auditEntries.createdAt, new Date(query.until)),
      ),
    )
    .orderBy(desc(auditEntries.id))
    .limit(query.limit + 1);
  const items = rows.slice(0, query.limit);
  return {
    items: items.map((row): AuditItem => ({
      record: row.record,
      state: row.seq === null ? 'pending' : 'chained',
      seq: row.seq,
    })),
    next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null,
  };
}

function readCursor(cursor: string) {
  const id = idOf('aud').safeParse(cursor);
  if (id.success) return id.data;
  throw new InvalidInput('the cursor is not valid', [{ path: '/cursor', message: 'expected the `next` of a page' }]);
}
