import { type Transaction, transaction } from '#db/postgres/client';

import type { Ctx, Platform } from '../context.ts';

/** What commits for a tenant leaves evidence that its relay must hear of. */
type Committer = Platform & { readonly tenant?: Ctx['tenant'] };

/** Runs `work` in one interactive transaction and, once it has committed, wakes the relay for the evidence it wrote. */
export async function transact<T>(ctx: Committer, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const result = await transaction(ctx.env.DATABASE_URL, ctx.env.NEON_LOCAL_PROXY, work);
  if (ctx.tenant) wakeRelay({ ...ctx, tenant: ctx.tenant });
  return result;
}

/** A hint only: what is lost here, the cron sweep delivers. From inside a transaction it is delayed, so that there is something to find. */
export function wakeRelay(ctx: Platform & Pick<Ctx, 'tenant'>, delaySeconds = 0): void {
  ctx.afterwards(ctx.env.OUTBOX.send({ tenantId: ctx.tenant.id }, { delaySeconds }));
}
