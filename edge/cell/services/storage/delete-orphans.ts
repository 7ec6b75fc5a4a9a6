import { and, inArray, isNotNull, isNull, sql } from 'drizzle-orm';

import { type Transaction, transaction } from '#db/postgres/client';
import { storedObjects } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { inBatches } from '../in-batches.ts';
import { deleteObjects } from './delete-objects.ts';

/** As many as the bucket deletes in one call. */
const BATCH = 1_000;

/** Deletes objects that nothing refers to, and answers how many. What the bucket did not delete is still marked, and found again. */
export async function deleteOrphans(platform: Platform): Promise<number> {
  const { DATABASE_URL, NEON_LOCAL_PROXY } = platform.env;
  let deleted = 0;
  await inBatches(BATCH, async () => {
    const { looked, gone } = await transaction(DATABASE_URL, NEON_LOCAL_PROXY, (tx) => deleteBatch(platform, tx));
    deleted += gone;
    return looked;
  });
  return deleted;
}

/**
 * Who records a file holds the row of its object (`insertArtifacts`), and here it is held until the object is gone: a file is either seen by the
 * look at the rows below, or finds no object and is stored anew. A row whose object was deleted and whose transaction failed is found again.
 */
async function deleteBatch({ env }: Platform, tx: Transaction): Promise<{ looked: number; gone: number }> {
  const held = await tx
    .select({ id: storedObjects.id })
    .from(storedObjects)
    .where(and(isNotNull(storedObjects.orphanedAt), isNull(storedObjects.storedUntil)))
    .orderBy(storedObjects.orphanedAt)
    .limit(BATCH)
    .for('update', { skipLocked: true });
  if (held.length === 0) return { looked: 0, gone: 0 };
  const ids = held.map(({ id }) => id);
  // Its own statement, with a view of its own: what was committed before the rows were held is seen.
  const orphans = await tx
    .select({ id: storedObjects.id, key: storedObjects.key })
    .from(storedObjects)
    .where(and(inArray(storedObjects.id, ids), isUnreferenced()));
  if (orphans.length > 0)
    await deleteObjects(
      env.BLOBS,
      orphans.map(({ key }) => key),
    );
  const gone = new Set(orphans.map(({ id }) => id));
  const back = ids.filter((id) => !gone.has(id));
  if (gone.size > 0)
    await tx
      .update(storedObjects)
      .set({ storedUntil: storedObjects.orphanedAt })
      .where(inArray(storedObjects.id, [...gone]));
  if (back.length > 0) await tx.update(storedObjects).set({ orphanedAt: null }).where(inArray(storedObjects.id, back));
  return { looked: held.length, gone: gone.size };
}

function isUnreferenced() {
  const { kind, key, tenantId } = storedObjects;
  return sql`case ${kind}
    when 'artifact' then not exists (
      select from artifacts where artifacts.tenant_id = ${tenantId} and artifacts.sha256 = split_part(${key}, '/', 3)
    )
    when 'dataset' then not exists (
      select from dataset_parts part where part.run_id = split_part(${key}, '/', 3)
        and part.name || '.ndjson' = split_part(${key}, '/', 4)
    ) end`;
}
