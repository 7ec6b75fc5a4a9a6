import { type SQL, sql, type SQLWrapper } from 'drizzle-orm';

import type { InstallationId } from '#contracts/ids';
import type { ExpiringKind } from '#contracts/stored-object';

/**
 * Whether not all files, or rows, of an installation follow yet how long it keeps them, as SQL: none may expire then, as it may be kept longer
 * by now. Who goes by it takes `installationLock` first.
 */
export function isBehind(kind: ExpiringKind, installationId: SQLWrapper | InstallationId): SQL {
  return sql`exists (select from retention_backlog where installation_id = ${installationId} and kind = ${kind})`;
}
