import { asc, isNull, min } from 'drizzle-orm';

import { auditEntries } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { relayAudit } from './relay.ts';

const MOST_TENANTS = 200;

export interface Swept {
  readonly relayed: number;
  /** Tenants whose entries stay pending until the next sweep, and why. */
  readonly failures: readonly { readonly tenantId: string; readonly error: unknown }[];
}

/** Relays whatever no wake-up delivered, the longest waiting tenant first. One tenant's failure does not hold up the next. */
export async function sweepAudit(platform: Platform): Promise<Swept> {
  const waiting = await platform.db
    .select({ tenantId: auditEntries.tenantId })
    .from(auditEntries)
    .where(isNull(auditEntries.chainedSeq))
    .groupBy(auditEntries.tenantId)
    .orderBy(asc(min(auditEntries.createdAt)))
    .limit(MOST_TENANTS);
  const failures: { tenantId: string; error: unknown }[] = [];
  let relayed = 0;
  for (const { tenantId } of waiting) {
    try {
      relayed += await relayAudit(platform, tenantId);
    } catch (error) {
      failures.push({ tenantId, error });
    }
  }
  return { relayed, failures };
}
