import type { PublisherKey } from '#contracts/api/publisher-keys';
import type { publisherKeys } from '#db/postgres/schema/index';

export function publisherKeyView(row: typeof publisherKeys.$inferSelect): PublisherKey {
  const { id, name, hint, publicKeyPem } = row;
  return {
    id,
    name,
    hint,
    publicKeyPem,
    createdAt: row.createdAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
