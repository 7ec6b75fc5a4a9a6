import { and, asc, eq, isNull, sql } from 'drizzle-orm';

import type { TenantId } from '#contracts/ids';
import { auditEntries } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { auditLog } from '../../objects.ts';

const BATCH = 200;
const MOST_BATCHES = 20;

/**
 * Hands a tenant's committed entries to the object that chains them, oldest first, and notes where each ended up. Safe to run twice at
 * once and to die anywhere: the object knows an entry again by its id and answers with the number it has.
 */
export async function relayAudit(platform: Platform, tenantId: TenantId): Promise<number> {
  const chain = auditLog(platform, tenantId);
  let relayed = 0;
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const pending = await platform.db
      .select({ id: auditEntries.id, record: auditEntries.record })
      .from(auditEntries)
      .where(and(eq(auditEntries.tenantId, tenantId), isNull(auditEntries.chainedSeq)))
      .orderBy(asc(auditEntries.createdAt), asc(auditEntries.id))
      .limit(BATCH);
    if (pending.length === 0) break;

    const seqs = await chain.append(pending.map(({ record }) => record));
    await platform.db.execute(sql`
      update ${auditEntries} set chained_seq = chained.seq
      from unnest(${sql.param(pending.map(({ id }) => id))}::text[], ${sql.param([...seqs])}::bigint[]) as chained (id, seq)
      where ${auditEntries.id} = chained.id and ${auditEntries.chainedSeq} is null`);
    relayed += pending.length;
    if (pending.length < BATCH) break;
  }
  return relayed;
}
