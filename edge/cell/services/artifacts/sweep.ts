import { and, eq, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';

import { type RunId, type TenantId } from '#contracts/ids';
import { artifactKey } from '#contracts/stored-object';
import { transaction } from '#db/postgres/client';
import { artifacts, storedObjects } from '#db/postgres/schema/index';

import { type Platform, systemCtx } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { tenantOf } from '../tenants/find.ts';
import { transact } from '../transact.ts';

const MOST_RUNS = 50;
const MOST_OBJECTS = 100;

export interface Swept {
  readonly runs: number;
  readonly objects: number;
  readonly failures: readonly { readonly error: unknown }[];
}

/** Ends what files are kept for: first the rows that have expired, then the objects that no row refers to any more. Bounded; the rest waits. */
export async function sweepArtifacts(platform: Platform): Promise<Swept> {
  const failures: { error: unknown }[] = [];
  const expired = await platform.db
    .selectDistinct({ runId: artifacts.runId, tenantId: artifacts.tenantId })
    .from(artifacts)
    .where(lt(artifacts.expiresAt, platform.now()))
    .limit(MOST_RUNS);
  for (const run of expired) {
    await expire(platform, run).catch((error: unknown) => failures.push({ error }));
  }
  const objects = await deleteOrphans(platform).catch((error: unknown) => {
    failures.push({ error });
    return 0;
  });
  return { runs: expired.length, objects, failures };
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
    await tx
      .update(storedObjects)
      .set({ orphanedAt: ctx.now() })
      .where(and(inArray(storedObjects.key, keys), isNull(storedObjects.storedUntil)));
    await recordAudit(tx, ctx, { action: 'artifact.expire', target: run.runId, details: { files: gone.length } });
  });
}

/**
 * Who records a file holds the row of its object (`insertArtifacts`), and here it is held until the object is gone: a file is either seen by the
 * look at the rows below, or finds no object and is stored anew. A row whose object was deleted and whose transaction failed is found again.
 */
async function deleteOrphans({ env, now }: Platform): Promise<number> {
  return transaction(env.DATABASE_URL, env.NEON_LOCAL_PROXY, async (tx) => {
    const held = await tx
      .select()
      .from(storedObjects)
      .where(and(isNotNull(storedObjects.orphanedAt), isNull(storedObjects.storedUntil)))
      .orderBy(storedObjects.orphanedAt)
      .limit(MOST_OBJECTS)
      .for('update', { skipLocked: true });
    if (held.length === 0) return 0;
    const ids = held.map(({ id }) => id);
    // Its own statement, with a view of its own: what was committed before the rows were held is seen.
    const orphans = await tx
      .select()
      .from(storedObjects)
      .where(
        and(
          inArray(storedObjects.id, ids),
          sql`not exists (
            select from artifacts where artifacts.tenant_id = ${storedObjects.tenantId}
              and ${storedObjects.key} = 'artifacts/' || artifacts.tenant_id || '/' || artifacts.sha256
          )`,
        ),
      );
    if (orphans.length > 0) await env.BLOBS.delete(orphans.map(({ key }) => key));
    const gone = new Set(orphans.map(({ id }) => id));
    const back = ids.filter((id) => !gone.has(id));
    if (gone.size > 0)
      await tx
        .update(storedObjects)
        .set({ storedUntil: now() })
        .where(inArray(storedObjects.id, [...gone]));
    if (back.length > 0)
      await tx.update(storedObjects).set({ orphanedAt: null }).where(inArray(storedObjects.id, back));
    return gone.size;
  });
}
