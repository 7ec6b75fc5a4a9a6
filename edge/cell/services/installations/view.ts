import type { Installation } from '#contracts/api/installations';
import type { installations } from '#db/postgres/schema/index';

export type InstallationRow = typeof installations.$inferSelect;

export function installationView(row: InstallationRow): Installation {
  return {
    id: row.id,
    capsule: row.capsule,
    range: row.range,
    approved: row.approved,
    isolation: row.isolation,
    maxConcurrentRuns: row.maxConcurrentRuns,
    artifactRetentionDays: row.artifactRetentionDays,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
