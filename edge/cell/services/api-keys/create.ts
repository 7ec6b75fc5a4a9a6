import { and, eq, isNull } from 'drizzle-orm';

import { CreateApiKey, type CreatedApiKey } from '#contracts/api/api-keys';
import { Conflict, DomainError } from '#contracts/errors';
import { apiKeyPrefix } from '#contracts/identity';
import { newId } from '#contracts/ids';
import { apiKeys } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { randomText } from '../accounts/auth.ts';
import { recordAudit } from '../audit/record.ts';
import { isUniqueViolation } from '../postgres-errors.ts';
import { secretHash } from '../secret-hash.ts';
import { takeTurn } from '../tenants/take-turn.ts';
import { transact } from '../transact.ts';
import { viewApiKey } from './view.ts';

/** Of one tenant, that are not revoked: as many as its list shows. */
export const MOST_KEYS = 500;
const SECRET_BYTES = 32;
const HINT_LENGTH = 'soma_key_xxxx_'.length + 4;
const DAY_MS = 86_400_000;

/**
 * Makes a key that acts for the caller's tenant. It is shown in this answer and never again.
 *
 * A name is used once among the keys in force, so that a request sent twice makes one key.
 * @throws forbidden a scope the caller does not have · conflict the name is in use, or the tenant has as many as it may
 */
export async function createApiKey({ ctx, input }: Verb<CreateApiKey>): Promise<CreatedApiKey> {
  requirePermission(ctx, 'api-keys:write');
  const { name, scopes, expiresInDays } = CreateApiKey.parse(input);
  const beyond = scopes.filter((scope) => !ctx.permissions.has(scope));
  if (beyond.length > 0)
    throw new DomainError('forbidden', `you cannot give what you do not have: ${beyond.join(', ')}`);

  const key = `${apiKeyPrefix(ctx.cell)}${randomText(SECRET_BYTES)}`;
  const createdAt = ctx.now();
  const row = {
    id: newId('key'),
    tenantId: ctx.tenant.id,
    name,
    hint: key.slice(0, HINT_LENGTH),
    scopes: [...new Set(scopes)],
    createdBy: ctx.actor.id,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + expiresInDays * DAY_MS),
    revokedAt: null,
    lastUsedAt: null,
  };
  const secretSha256 = await secretHash(key);
  await transact(ctx, async (tx) => {
    await takeTurn(tx, ctx.tenant.id);
    const inForce = and(eq(apiKeys.tenantId, ctx.tenant.id), isNull(apiKeys.revokedAt));
    if ((await tx.$count(apiKeys, inForce)) >= MOST_KEYS)
      throw new Conflict(`a tenant has at most ${MOST_KEYS} keys that are not revoked; revoke one first`);
    await tx.insert(apiKeys).values({ ...row, secretSha256 });
    await recordAudit(tx, ctx, {
      action: 'api-key.create',
      target: row.id,
      details: { name, scopes: row.scopes, expiresAt: row.expiresAt.toISOString() },
    });
  }).catch((error: unknown) => {
    if (isUniqueViolation(error))
      throw new Conflict(`a key named ${name} is in force already; revoke it or choose another name`);
    throw error;
  });
  return { ...viewApiKey(row), key };
}
