import { type Transaction, transaction } from '#db/postgres/client';

import type { Ctx } from '../context.ts';

/** Runs `work` in one interactive transaction and, once it has committed, wakes the relay for the evidence it wrote. */
export async function transact<T>(ctx: Ctx, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const result = await transaction(ctx.env.DATABASE_URL, ctx.env.NEON_LOCAL_PROXY, work);
  wakeRelay(ctx);
  return result;
}

/** A hint only: what is lost here, the cron sweep delivers. */
export function wakeRelay(ctx: Ctx): void {
  ctx.afterwards(ctx.env.OUTBOX.send({ tenantId: ctx.tenant.id }));
}
