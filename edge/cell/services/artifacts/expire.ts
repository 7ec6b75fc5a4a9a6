import { and, eq, inArray, isNull, lt, not, sql } from 'drizzle-orm';

import type { InstallationId, RunId, TenantId } from '#contracts/ids';
import { artifactKey } from '#contracts/stored-object';
import { artifacts, runs, storedObjects } from '#db/postgres/schema/index';

import { type Platform, systemCtx } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { installationLock } from '../installations/lock.ts';
import { isBehind } from '../retention/is-behind.ts';
import { tenantOf } from '../tenants/find.ts';
import { transact } from '../transact.ts';

const MOST_RUNS = 50;

/** Ends the rows of files whose time has come; their objects follow. One run's failure does not keep the others. */
export async function expireArtifacts(platform: Platform, noted: (error: unknown) => void): Promise<void> {
  const expired = await platform.db
    .selectDistinct({ runId: artifacts.runId, tenantId: artifacts.tenantId, installationId: runs.installationId })
    .from(artifacts)
    .innerJoin(runs, eq(runs.id, artifacts.runId))
    .where(and(lt(artifacts.expiresAt, platform.now()), not(isBehind('artifact', runs.installationId))))
    .limit(MOST_RUNS);
  for (const run of expired) await expire(platform, run).catch(noted);
}

interface Expired {
  readonly tenantId: TenantId;
  readonly installationId: InstallationId;
  readonly runId: RunId;
}

async function expire(platform: Platform, { tenantId, installationId, runId }: Expired): Promise<void> {
  const ctx = systemCtx(platform, await tenantOf(platform, tenantId));
  await transact(ctx, async (tx) => {
    await tx.execute(installationLock(sql`${installationId}`));
    const gone = await tx
      .delete(artifacts)
      .where(
        and(eq(artifacts.runId, runId), lt(artifacts.expiresAt, ctx.now()), not(isBehind('artifact', installationId))),
      )
      .returning({ sha256: artifacts.sha256 });
    if (gone.length === 0) return;
    const keys = gone.map(({ sha256 }) => artifactKey(tenantId, sha256));
    // Its metering ends here, so that what another run left as well is not marked.
    const isLast = sql`not exists (
      select from artifacts
      where artifacts.tenant_id = ${tenantId} and artifacts.sha256 = split_part(${storedObjects.key}, '/', 3)
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
    await recordAudit(tx, ctx, { action: 'artifact.expire', target: runId, details: { files: gone.length } });
  });
}
