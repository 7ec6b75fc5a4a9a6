import { and, eq, isNull, lt, or } from 'drizzle-orm';

import { DomainError } from '#contracts/errors';
import type { ApiKeyId } from '#contracts/ids';
import { apiKeys, tenants } from '#db/postgres/schema/index';

import { actorOf, type Ctx, type Platform } from '../../context.ts';
import type { Identified } from '../accounts/credential.ts';
import { secretHash } from '../secret-hash.ts';

const LAST_USED_SAMPLE_MS = 60_000;

/** An API key, looked up by its SHA-256 in one statement. */
export async function authenticateApiKey(platform: Platform, key: string): Promise<Identified> {
  const [found] = await platform.db
    .select({
      id: apiKeys.id,
      scopes: apiKeys.scopes,
      expiresAt: apiKeys.expiresAt,
      revokedAt: apiKeys.revokedAt,
      lastUsedAt: apiKeys.lastUsedAt,
      tenant: { id: tenants.id, handle: tenants.handle },
    })
    .from(apiKeys)
    .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
    .where(eq(apiKeys.secretSha256, await secretHash(key)));
  if (!found) throw new DomainError('unauthenticated', 'no such API key');

  const now = platform.now();
  const ctx: Ctx = {
    ...platform,
    actor: actorOf(platform, 'api-key', found.id),
    tenant: found.tenant,
    permissions: new Set(found.scopes),
    credential: 'api-key',
  };
  if (found.revokedAt) return { ctx, refusal: new DomainError('unauthenticated', 'this API key was revoked') };
  if (found.expiresAt <= now) return { ctx, refusal: new DomainError('unauthenticated', 'this API key has expired') };

  if (!found.lastUsedAt || now.getTime() - found.lastUsedAt.getTime() > LAST_USED_SAMPLE_MS) {
    platform.afterwards(markUsed(platform, found.id, now));
  }
  return { ctx };
}

/** Many requests may see the same old value; the condition lets one of them write. */
async function markUsed({ db }: Platform, id: ApiKeyId, now: Date): Promise<void> {
  const before = new Date(now.getTime() - LAST_USED_SAMPLE_MS);
  await db
    .update(apiKeys)
    .set({ lastUsedAt: now })
    .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, before))));
}
