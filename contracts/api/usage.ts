import { z } from 'zod';

import { PriceText } from '../money.ts';
import { Usage } from '../run.ts';

/** Money above this is refused, so that sums stay far from the end of a 64-bit column: a million dollars. */
const MAX_LIMIT_NANOS = 10n ** 15n;

export const SetBudget = z.strictObject({
  limitNanos: PriceText.refine((amount) => amount <= MAX_LIMIT_NANOS, `expected at most ${MAX_LIMIT_NANOS}`),
});
export type SetBudget = z.infer<typeof SetBudget>;

/** The most a tenant may spend in a calendar month, in UTC. Without one it is zero, and nothing runs. */
export const TenantBudget = z
  .object({ limitNanos: z.string(), currency: z.string(), revision: z.int(), updatedAt: z.iso.datetime().nullable() })
  .meta({ id: 'Budget' });
export type TenantBudget = z.infer<typeof TenantBudget>;

export const TenantUsage = z
  .object({
    period: z.string(),
    currency: z.string(),
    limitNanos: z.string(),
    settledNanos: z.string(),
    reservedNanos: z.string(),
    availableNanos: z.string(),
    runs: z.int(),
    totals: Usage,
    ledgerSeq: z.int(),
    flushedSeq: z.int().describe('How far the analytics store is known to hold the ledger'),
  })
  .meta({ id: 'Usage' });
export type TenantUsage = z.infer<typeof TenantUsage>;
