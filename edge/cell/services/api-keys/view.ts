import type { ApiKey } from '#contracts/api/api-keys';
import type { apiKeys } from '#db/postgres/schema/index';

/** What may be seen of a key: never its hash. */
export function viewApiKey(row: Omit<typeof apiKeys.$inferSelect, 'secretSha256'>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    scopes: row.scopes,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}
