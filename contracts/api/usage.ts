import { z } from 'zod';

import { MAX_BUDGET_NANOS, PriceText } from '../money.ts';
import { UsageTotals } from '../run.ts';
import { STORED_KINDS } from '../stored-object.ts';

export const SetBudget = z.strictObject({
  limitNanos: PriceText.refine((amount) => amount <= MAX_BUDGET_NANOS, `expected at most ${MAX_BUDGET_NANOS}`),
});
export type SetBudget = z.infer<typeof SetBudget>;

/** The most a tenant may spend in a calendar month, in UTC. Without one it is zero, and nothing runs. */
export const TenantBudget = z
  .object({ limitNanos: z.string(), currency: z.string(), revision: z.int(), updatedAt: z.iso.datetime().nullable() })
  .meta({ id: 'Budget' });
export type TenantBudget = z.infer<typeof TenantBudget>;

/** What is kept of the runs of a tenant. Metered, and not charged. */
export const StoredUsage = z.object({
  kind: z.enum(STORED_KINDS),
  storedBytes: z.int().describe('Now'),
  byteSeconds: z.string().describe('Of this period so far; a decimal integer'),
});
export type StoredUsage = z.infer<typeof StoredUsage>;

export const TenantUsage = z
  .object({
    period: z.string(),
    currency: z.string(),
    limitNanos: z.string(),
    settledNanos: z.string(),
    reservedNanos: z.string(),
    availableNanos: z.string(),
    runs: z.int(),
    totals: UsageTotals,
    ledgerSeq: z.int(),
    storage: z.array(StoredUsage).describe('By kind; what was never stored is not listed'),
    flushedSeq: z.int().describe('How far the analytics store is known to hold the ledger'),
  })
  .meta({ id: 'Usage' });
export type TenantUsage = z.infer<typeof TenantUsage>;
