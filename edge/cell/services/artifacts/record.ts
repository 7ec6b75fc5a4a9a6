import { type SQL, sql } from 'drizzle-orm';

import { type Artifact, ARTIFACT_RETENTION_DAYS } from '#contracts/artifact';
import { artifactKey } from '#contracts/stored-object';

import type { Ctx } from '../../context.ts';

const DAY_MS = 86_400_000;

/**
 * The rows of the files that a run left, for the statement that records its end; `ended` names that statement's rows. Their bytes are still
 * with the runner. An object that is there already is held while this commits, so that the sweep does not delete it at the same time.
 */
export function insertArtifacts({ tenant }: Ctx, artifacts: readonly Artifact[], endedAtMs: number): SQL {
  const expiresAt = new Date(endedAtMs + ARTIFACT_RETENTION_DAYS * DAY_MS).toISOString();
  const keys = artifacts.map(({ sha256 }) => artifactKey(tenant.id, sha256));
  return sql`
    insert into artifacts (run_id, path, tenant_id, size_bytes, sha256, state, expires_at)
    select ended.id, file.path, ${tenant.id}, file."sizeBytes", file.sha256, 'pending', ${expiresAt}::timestamptz
    from ended, json_to_recordset(${JSON.stringify(artifacts)}::json) as file(path text, "sizeBytes" bigint, sha256 text)
    where (
      select count(*) from (
        select from stored_objects
        where stored_until is null and key in (select json_array_elements_text(${JSON.stringify(keys)}::json))
        for share
      ) as held
    ) >= 0`;
}
