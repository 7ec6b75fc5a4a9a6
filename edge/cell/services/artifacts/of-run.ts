import { and, asc, eq } from 'drizzle-orm';

import type { RunArtifact } from '#contracts/artifact';
import type { RunId } from '#contracts/ids';
import { artifacts } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';

/** What a run of this tenant left, by path; nothing of another tenant's. */
export async function artifactsOf({ db, tenant }: Ctx, runId: RunId): Promise<RunArtifact[]> {
  const rows = await db
    .select()
    .from(artifacts)
    .where(and(eq(artifacts.runId, runId), eq(artifacts.tenantId, tenant.id)))
    .orderBy(asc(artifacts.path));
  return rows.map(({ path, sizeBytes, sha256, state, expiresAt }) => ({
    path,
    sizeBytes,
    sha256,
    state,
    expiresAt: expiresAt.toISOString(),
  }));
}
