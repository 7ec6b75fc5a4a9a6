import { and, lt, not, sql } from 'drizzle-orm';

import type { InstallationId, TenantId } from '#contracts/ids';
import { datasetParts } from '#db/postgres/schema/index';

import { type Platform, systemCtx } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { inBatches } from '../in-batches.ts';
import { installationLock } from '../installations/lock.ts';
import { isBehind } from '../retention/is-behind.ts';
import { tenantOf } from '../tenants/find.ts';
import { transact } from '../transact.ts';
import { forgetParts, MOST_PARTS } from './forget.ts';

const MOST_DATASETS = 50;
/** What is not begun by then waits for the next sweep, which comes in a minute. */
const NO_MORE_AFTER_MS = 20_000;

interface Expired {
  readonly tenantId: TenantId;
  readonly installationId: InstallationId;
  readonly name: string;
}

/** Ends the rows whose retention is over; their objects follow. One data set's failure does not keep the others. */
export async function expireDatasets(platform: Platform, noted: (error: unknown) => void): Promise<void> {
  const { tenantId, installationId, name, expiresAt } = datasetParts;
  const expired = await platform.db
    .selectDistinct({ tenantId, installationId, name })
    .from(datasetParts)
    .where(and(lt(expiresAt, platform.now()), not(isBehind('dataset', installationId))))
    .limit(MOST_DATASETS);
  const startedMs = platform.now().getTime();
  for (const dataset of expired) {
    if (platform.now().getTime() - startedMs > NO_MORE_AFTER_MS) return;
    await inBatches(MOST_PARTS, () => expire(platform, dataset)).catch(noted);
  }
}

async function expire(platform: Platform, { tenantId, installationId, name }: Expired): Promise<number> {
  const ctx = systemCtx(platform, await tenantOf(platform, tenantId));
  const at = ctx.now();
  return transact(ctx, async (tx) => {
    await tx.execute(installationLock(sql`${installationId}`));
    const gone = await forgetParts(tx, { installationId, name, expiredBefore: at }, at);
    if (gone.runs > 0)
      await recordAudit(tx, ctx, { action: 'dataset.expire', target: installationId, details: { name, ...gone } });
    return gone.runs;
  });
}
