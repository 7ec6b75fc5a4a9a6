import type { AccessToken } from '#contracts/api/accounts';
import { DomainError } from '#contracts/errors';
import { ACCESS_TOKEN_AUDIENCE, type AccessTokenClaims } from '#contracts/identity';

import type { VerbWithoutInput } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { wakeRelay } from '../transact.ts';
import { signClaims } from './sign.ts';

const LIFETIME_S = 15 * 60;

/**
 * Exchanges a session or an API key for a short-lived token with the same permissions for the same tenant. It cannot be taken back:
 * what is revoked meanwhile ends within the quarter of an hour.
 * @throws forbidden a token cannot be exchanged for a longer life
 */
export async function issueToken({ ctx }: VerbWithoutInput): Promise<AccessToken> {
  if (ctx.credential !== 'session' && ctx.credential !== 'api-key') {
    throw new DomainError('forbidden', 'a token comes from a session or an API key, not from another token');
  }
  const issuedAt = Math.floor(ctx.now().getTime() / 1_000);
  const claims: AccessTokenClaims = {
    sub: ctx.actor.id,
    tid: ctx.tenant.id,
    cell: ctx.cell,
    role: ctx.actor.type,
    handle: ctx.tenant.handle,
    scope: [...ctx.permissions].join(' '),
  };
  const exp = issuedAt + LIFETIME_S;
  const token = await signClaims(ctx, {
    ...claims,
    iss: ctx.env.PUBLIC_URL,
    aud: ACCESS_TOKEN_AUDIENCE,
    iat: issuedAt,
    exp,
  });
  await recordAudit(ctx.db, ctx, { action: 'token.create', target: ctx.actor.id });
  wakeRelay(ctx);
  return { token, expiresAt: new Date(exp * 1_000).toISOString() };
}
