import { and, eq, inArray, isNull, lt, sql } from 'drizzle-orm';

import type { RunId, TenantId } from '#contracts/ids';
import { artifactKey } from '#contracts/stored-object';
import { artifacts, storedObjects } from '#db/postgres/schema/index';

import { type Platform, systemCtx } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { tenantOf } from '../tenants/find.ts';
import { transact } from '../transact.ts';

const MOST_RUNS = 50;

/** Ends the rows of files whose time has come; their objects follow. One run's failure does not keep the others. */
export async function expireArtifacts(platform: Platform, noted: (error: unknown) => void): Promise<void> {
  const expired = await platform.db
    .selectDistinct({ runId: artifacts.runId, tenantId: artifacts.tenantId })
    .from(artifacts)
    .where(lt(artifacts.expiresAt, platform.now()))
    .limit(MOST_RUNS);
  for (const run of expired) await expire(platform, run).catch(noted);
}

async function expire(platform: Platform, run: { readonly runId: RunId; readonly tenantId: TenantId }): Promise<void> {
  const ctx = systemCtx(platform, await tenantOf(platform, run.tenantId));
  await transact(ctx, async (tx) => {
    const gone = await tx
      .delete(artifacts)
      .where(and(eq(artifacts.runId, run.runId), lt(artifacts.expiresAt, ctx.now())))
      .returning({ sha256: artifacts.sha256 });
    if (gone.length === 0) return;
    const keys = gone.map(({ sha256 }) => artifactKey(run.tenantId, sha256));
    // Its metering ends here, so that what another run left as well is not marked.
    const isLast = sql`not exists (
      select from artifacts
      where artifacts.tenant_id = ${run.tenantId} and artifacts.sha256 = split_part(${storedObjects.key}, '/', 3)
    )`;
    await tx
      .update(storedObjects)
      .set({ orphanedAt: ctx.now() })
      .where(
        and(
          inArray(storedObjects.key, keys),
          isNull(storedObjects.storedUntil),
          isNull(storedObjects.orphanedAt),
          isLast,
        ),
      );
    await recordAudit(tx, ctx, { action: 'artifact.expire', target: run.runId, details: { files: gone.length } });
  });
}
