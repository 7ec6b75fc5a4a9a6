import { type SQL, sql } from 'drizzle-orm';

import type { DatasetPart } from '#contracts/dataset';

import type { Ctx } from '../../context.ts';
import { rowsExpireAt } from './expiry.ts';

/**
 * The rows of what a run added to data sets, for the statement that records its end; `ended` names that statement's rows. They are kept as
 * long as the installation says, or else the capsule; where neither does, until they are deleted. `installationLock` comes first: what the
 * installation says, and that it was removed, is then seen.
 */
export function insertDatasetParts({ tenant }: Ctx, parts: readonly DatasetPart[]): SQL {
  return sql`
    insert into dataset_parts (run_id, name, tenant_id, installation_id, rows, size_bytes, sha256, state, created_at,
      retention_days, expires_at)
    select ended.id, part.name, ${tenant.id}, ended.installation_id, part.rows, part."sizeBytes", part.sha256, 'pending', now(),
      stated.by_capsule, ${rowsExpireAt({
        createdAt: sql`now()`,
        installationDays: sql`stated.by_installation`,
        capsuleDays: sql`stated.by_capsule`,
        removedAt: sql`installation.removed_at`,
      })}
    from ended
    cross join json_to_recordset(${JSON.stringify(parts)}::json) as part(name text, rows int, "sizeBytes" bigint, sha256 text)
    join installations installation on installation.id = ended.installation_id
    left join catalogue_versions version on version.id = ended.version_id
    cross join lateral (select
      (version.manifest -> 'datasetRetentionDays' ->> part.name)::int as by_capsule,
      (installation.dataset_retention_days ->> part.name)::int as by_installation
    ) stated`;
}
