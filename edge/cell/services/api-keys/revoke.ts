import { and, eq, isNull } from 'drizzle-orm';

import { ApiKeyPath } from '#contracts/api/api-keys';
import { NotFound } from '#contracts/errors';
import { apiKeys } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { transact } from '../transact.ts';

/** Ends a key, from the next request on. Revoking it again changes nothing. @throws not_found */
export async function revokeApiKey({ ctx, input }: Verb<{ id: string }>): Promise<void> {
  requirePermission(ctx, 'api-keys:write');
  const { id } = ApiKeyPath.parse(input);
  const isThisKey = and(eq(apiKeys.tenantId, ctx.tenant.id), eq(apiKeys.id, id));
  await transact(ctx, async (tx) => {
    const [revoked] = await tx
      .update(apiKeys)
      .set({ revokedAt: ctx.now() })
      .where(and(isThisKey, isNull(apiKeys.revokedAt)))
      .returning({ name: apiKeys.name });
    if (revoked) {
      await recordAudit(tx, ctx, { action: 'api-key.revoke', target: id, details: { name: revoked.name } });
    } else if ((await tx.$count(apiKeys, isThisKey)) === 0) {
      throw new NotFound('API key');
    }
  });
}
