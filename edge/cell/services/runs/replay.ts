import { and, eq } from 'drizzle-orm';

import { DomainError } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import type { Run } from '#contracts/run';
import { idempotencyKeys } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import { findRun } from './find.ts';

export interface Keyed {
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

/**
 * The run that this key started before, or undefined where it started none.
 * @throws DomainError `idempotency_key_reused` the key belongs to another request
 */
export async function replay(ctx: Ctx, { idempotencyKey, requestHash }: Keyed): Promise<Run | undefined> {
  const [known] = await ctx.db
    .select({ target: idempotencyKeys.target, requestHash: idempotencyKeys.requestHash })
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.tenantId, ctx.tenant.id), eq(idempotencyKeys.key, idempotencyKey)));
  if (!known) return undefined;
  if (known.requestHash === requestHash) return findRun(ctx, idOf('run').parse(known.target));
  throw new DomainError(
    'idempotency_key_reused',
    'this Idempotency-Key started another run with another body; use a new key for a new request',
  );
}
