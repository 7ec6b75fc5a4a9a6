import { type SQL, sql } from 'drizzle-orm';

import { type Artifact, ARTIFACT_RETENTION_DAYS } from '#contracts/artifact';
import { artifactKey } from '#contracts/stored-object';

import type { Ctx } from '../../context.ts';

/**
 * The rows of the files that a run left, for the statement that records its end; `ended` names that statement's rows. Their bytes are still
 * with the runner. They are kept as long as the installation says, or else the capsule; `installationLock` comes first, so that what the
 * installation says is seen. An object that is there already is held while this commits, so that the sweep does not delete it at the same time.
 */
export function insertArtifacts({ tenant }: Ctx, artifacts: readonly Artifact[], endedAtMs: number): SQL {
  const endedAt = new Date(endedAtMs).toISOString();
  const keys = artifacts.map(({ sha256 }) => artifactKey(tenant.id, sha256));
  return sql`
    insert into artifacts (run_id, path, tenant_id, size_bytes, sha256, state, retention_days, expires_at)
    select ended.id, file.path, ${tenant.id}, file."sizeBytes", file.sha256, 'pending',
      stated.by_capsule,
      ${endedAt}::timestamptz + make_interval(hours => 24 * coalesce(installation.artifact_retention_days, stated.by_capsule))
    from ended
    cross join json_to_recordset(${JSON.stringify(artifacts)}::json) as file(path text, "sizeBytes" bigint, sha256 text)
    join installations installation on installation.id = ended.installation_id
    left join catalogue_versions version on version.id = ended.version_id
    cross join lateral (
      select coalesce((version.manifest ->> 'artifactRetentionDays')::int, ${ARTIFACT_RETENTION_DAYS}::int) as by_capsule
    ) stated
    where (
      select count(*) from (
        select from stored_objects
        where stored_until is null and key in (select json_array_elements_text(${JSON.stringify(keys)}::json))
        for share
      ) as held
    ) >= 0`;
}
