import { sql } from 'drizzle-orm';
import { z } from 'zod';

import type { StoredUsage } from '#contracts/api/usage';
import type { TenantId } from '#contracts/ids';
import { STORED_KINDS } from '#contracts/stored-object';
import type { Database } from '#db/postgres/client';

const Row = z.object({
  kind: z.enum(STORED_KINDS),
  storedBytes: z.coerce.number().int(),
  byteSeconds: z.string().regex(/^\d+$/),
});

export interface Span {
  readonly from: Date;
  readonly until: Date;
}

/**
 * What a tenant stores, and what it stored over time: the sum of bytes × seconds over the intervals, as far as they lie in the span. The sum is
 * exact to the microsecond and rounded down once, for each kind, at its end; an interval that is told twice is one row. An interval ends where
 * nothing refers to the object any more, also while the bucket still has it.
 */
export async function storedUsage(
  db: Pick<Database, 'execute'>,
  tenantId: TenantId,
  { from, until }: Span,
): Promise<StoredUsage[]> {
  const [start, end] = [sql`${from.toISOString()}::timestamptz`, sql`${until.toISOString()}::timestamptz`];
  const { rows } = await db.execute(sql`
    select kind, coalesce(sum(size_bytes) filter (where stored_until is null or stored_until > ${end}), 0)::text as "storedBytes",
      floor(sum(size_bytes * extract(epoch from least(stored_until, ${end}) - greatest(stored_from, ${start}))))::text
        as "byteSeconds"
    from (
      select kind, size_bytes, stored_from, coalesce(stored_until, orphaned_at) as stored_until
      from stored_objects where tenant_id = ${tenantId} and (stored_until is null or stored_until > ${start})
    ) as metered
    where stored_from <= ${end} and (stored_until is null or stored_until > ${start})
    group by kind order by kind`);
  return z.array(Row).parse(rows);
}
