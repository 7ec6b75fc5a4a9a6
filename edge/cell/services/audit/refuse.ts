import type { DomainError } from '#contracts/errors';

import { openRedis } from '../../clients/redis.ts';
import type { Ctx, PersonCtx, Platform, Verb } from '../../context.ts';
import { recordForPerson } from '../accounts/evidence.ts';
import { wakeRelay } from '../transact.ts';
import { type Evidence, recordAudit } from './record.ts';

interface Refused {
  readonly action: string;
  readonly target: string;
  readonly refusal: DomainError;
}

const MAX_TARGET_LENGTH = 300;
const FLOOD_WINDOW_S = 60;

/**
 * Records that a request was refused: of a tenant in its own log, of a person who acts for none in the log of each they belong to.
 * Whoever is over a rate limit leaves one such entry a minute: the log says that it happened, and cannot be flooded by it.
 */
export async function recordRefusal({
  ctx,
  input: { action, target, refusal },
}: Verb<Refused, Ctx | PersonCtx>): Promise<void> {
  const who = 'person' in ctx ? ctx.person.id : ctx.tenant.id;
  if (refusal.code === 'rate_limited' && (await wasToldAlready(ctx, who))) return;
  const evidence: Evidence = {
    action,
    target: target.slice(0, MAX_TARGET_LENGTH),
    outcome: 'refused',
    reason: refusal.code,
  };
  if ('person' in ctx) return recordForPerson(ctx.db, ctx, ctx.person.id, evidence);
  await recordAudit(ctx.db, ctx, evidence);
  wakeRelay(ctx);
}

/** While Redis is down every refusal is told: too many entries are better than none. */
async function wasToldAlready({ env }: Platform, who: string): Promise<boolean> {
  try {
    const isFirst = await openRedis(env).set(`told:rate-limited:${who}`, 1, { nx: true, ex: FLOOD_WINDOW_S });
    return isFirst === null;
  } catch {
    return false;
  }
}
