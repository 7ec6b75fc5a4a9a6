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
import { transact } from '../transact.ts';
import { viewApiKey } from './view.ts';

const SECRET_BYTES = 32;
const HINT_LENGTH = 'soma_key_xxxx_'.length + 4;
const DAY_MS = 86_400_000;

/**
 * Makes a key that acts for the caller's tenant. It is shown in this answer and never again.
 *
 * A name is used once among the keys in force, so that a request sent twice makes one key.
 * @throws forbidden a scope the caller does not have · conflict the name is in use
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
