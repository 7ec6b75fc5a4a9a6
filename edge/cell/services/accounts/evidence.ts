import type { UserId } from '#contracts/ids';
import type { Database, Transaction } from '#db/postgres/client';
import { auditEntries } from '#db/postgres/schema/index';

import { actorOf, type Ctx, type Platform } from '../../context.ts';
import { auditRecord, type Evidence } from '../audit/record.ts';
import { wakeRelay } from '../transact.ts';
import { membershipsOf } from './memberships.ts';

/** The transaction this is part of has committed by then. */
const COMMIT_WITHIN_S = 1;

/**
 * What a person does to their own account is evidence for every tenant they belong to: each of those logs gets the entry.
 * A person without a tenant has no log to write to.
 */
export async function recordForPerson(
  tx: Database | Transaction,
  platform: Platform,
  userId: UserId,
  evidence: Evidence,
): Promise<void> {
  const memberships = await membershipsOf(tx, userId);
  if (memberships.length === 0) return;
  const contexts = memberships.map(({ id, handle }): Ctx => ({
    ...platform,
    actor: actorOf(platform, 'user', userId),
    tenant: { id, handle },
    permissions: new Set(),
    credential: 'none',
  }));
  const records = contexts.map((ctx) => auditRecord(ctx, evidence));
  await tx.insert(auditEntries).values(records.map((record) => ({ id: record.id, tenantId: record.tenantId, record })));
  for (const ctx of contexts) wakeRelay(ctx, COMMIT_WITHIN_S);
}
