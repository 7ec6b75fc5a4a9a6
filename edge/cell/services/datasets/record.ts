import { type SQL, sql } from 'drizzle-orm';

import type { DatasetPart } from '#contracts/dataset';

import type { Ctx } from '../../context.ts';

/** The rows of what a run added to data sets, for the statement that records its end; `ended` names that statement's rows. */
export function insertDatasetParts({ tenant }: Ctx, parts: readonly DatasetPart[]): SQL {
  return sql`
    insert into dataset_parts (run_id, name, tenant_id, installation_id, rows, size_bytes, sha256, state, created_at)
    select ended.id, part.name, ${tenant.id}, ended.installation_id, part.rows, part."sizeBytes", part.sha256, 'pending', now()
    from ended, json_to_recordset(${JSON.stringify(parts)}::json)
      as part(name text, rows int, "sizeBytes" bigint, sha256 text)`;
}
