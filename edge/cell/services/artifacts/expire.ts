import { and, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf, type InstallationId, type RunId } from '#contracts/ids';
import { artifactKey } from '#contracts/stored-object';
import type { Transaction } from '#db/postgres/client';
import { auditEntries, storedObjects } from '#db/postgres/schema/index';

import { type Ctx, type Platform, systemCtx } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { inBatches } from '../in-batches.ts';
import { installationLock } from '../installations/lock.ts';
import { isBehind } from '../retention/is-behind.ts';
import { tenantOf } from '../tenants/find.ts';
import { transact } from '../transact.ts';

const MOST_FILES = 2_000;
/** What is not begun by then waits for the next sweep, which comes in a minute. */
const NO_MORE_AFTER_MS = 20_000;

/** Files of one installation: each is a run's id and, at the same place, a path. */
const Expired = z.object({
  tenantId: idOf('ten'),
  installationId: idOf('ins'),
  runIds: z.array(idOf('run')),
  paths: z.array(z.string()),
});
type Expired = z.infer<typeof Expired>;

const Gone = z.object({ runId: idOf('run'), sha256: z.string() });
type Gone = z.infer<typeof Gone>;

/** Ends the rows of files whose time has come, the first ones first; their objects follow. One installation's failure does not keep the others. */
export async function expireArtifacts(platform: Platform, noted: (error: unknown) => void): Promise<void> {
  const failed: InstallationId[] = [];
  const startedMs = platform.now().getTime();
  await inBatches(MOST_FILES, async () => {
    const expired = await findExpired(platform, failed);
    for (const files of expired) {
      if (platform.now().getTime() - startedMs > NO_MORE_AFTER_MS) return 0;
      await expire(platform, files).catch((error: unknown) => {
        noted(error);
        failed.push(files.installationId);
      });
    }
    return expired.reduce((sum, { paths }) => sum + paths.length, 0);
  });
}

async function findExpired({ db, now }: Platform, failed: readonly InstallationId[]): Promise<Expired[]> {
  const { rows } = await db.execute(sql`
    select tenant_id as "tenantId", installation_id as "installationId", json_agg(run_id) as "runIds", json_agg(path) as paths
    from (
      select file.tenant_id, run.installation_id, file.run_id, file.path
      from artifacts file join runs run on run.id = file.run_id
      where file.expires_at < ${now().toISOString()}::timestamptz and not ${isBehind('artifact', sql`run.installation_id`)}
        and run.installation_id <> all (${sql.param([...failed])}::text[])
      order by file.expires_at limit ${MOST_FILES}
    ) as expired
    group by tenant_id, installation_id`);
  return z.array(Expired).parse(rows);
}

async function expire(platform: Platform, files: Expired): Promise<void> {
  const { tenantId, installationId } = files;
  const ctx = systemCtx(platform, await tenantOf(platform, tenantId));
  await transact(ctx, async (tx) => {
    await tx.execute(installationLock(sql`${installationId}`));
    const gone = await deleteExpired(tx, files, ctx.now());
    if (gone.length === 0) return;
    await markOrphans(tx, ctx, gone);
    await recordExpiry(tx, ctx, gone);
  });
}

/** They are looked at again: by now they may be kept for longer. */
async function deleteExpired(tx: Transaction, { installationId, runIds, paths }: Expired, at: Date): Promise<Gone[]> {
  const { rows } = await tx.execute(sql`
    delete from artifacts file
    using unnest(${sql.param(runIds)}::text[], ${sql.param(paths)}::text[]) as expired(run_id, path)
    where file.run_id = expired.run_id and file.path = expired.path
      and file.expires_at < ${at.toISOString()}::timestamptz and not ${isBehind('artifact', installationId)}
    returning file.run_id as "runId", file.sha256`);
  return z.array(Gone).parse(rows);
}

/** Their metering ends here, so that what another run left as well is not marked. */
async function markOrphans(tx: Transaction, { tenant, now }: Ctx, gone: readonly Gone[]): Promise<void> {
  const keys = [...new Set(gone.map(({ sha256 }) => artifactKey(tenant.id, sha256)))];
  const isLast = sql`not exists (
    select from artifacts where artifacts.tenant_id = ${tenant.id} and artifacts.sha256 = split_part(${storedObjects.key}, '/', 3)
  )`;
  await tx
    .update(storedObjects)
    .set({ orphanedAt: now() })
    .where(
      and(
        inArray(storedObjects.key, keys),
        isNull(storedObjects.storedUntil),
        isNull(storedObjects.orphanedAt),
        isLast,
      ),
    );
}

/** An entry of each run, which is what its tenant looks for. */
async function recordExpiry(tx: Transaction, ctx: Ctx, gone: readonly Gone[]): Promise<void> {
  const filesOf = new Map<RunId, number>();
  for (const { runId } of gone) filesOf.set(runId, (filesOf.get(runId) ?? 0) + 1);
  const records = [...filesOf].map(([runId, files]) =>
    auditRecord(ctx, { action: 'artifact.expire', target: runId, details: { files } }),
  );
  await tx.insert(auditEntries).values(records.map((record) => ({ id: record.id, tenantId: ctx.tenant.id, record })));
}
