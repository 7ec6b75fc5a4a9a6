import type { DomainError } from '#contracts/errors';

import { openRedis } from '../../clients/redis.ts';
import type { Ctx, Verb } from '../../context.ts';
import { wakeRelay } from '../transact.ts';
import { recordAudit } from './record.ts';

interface Refused {
  readonly action: string;
  readonly target: string;
  readonly refusal: DomainError;
}

const MAX_TARGET_LENGTH = 300;
const FLOOD_WINDOW_S = 60;

/**
 * Records that a tenant's request was refused. A tenant over its rate limit leaves one such entry a minute:
 * the log says that it happened, and cannot be flooded by it.
 */
export async function recordRefusal({ ctx, input: { action, target, refusal } }: Verb<Refused>): Promise<void> {
  if (refusal.code === 'rate_limited' && (await wasToldAlready(ctx))) return;
  await recordAudit(ctx.db, ctx, {
    action,
    target: target.slice(0, MAX_TARGET_LENGTH),
    outcome: 'refused',
    reason: refusal.code,
  });
  wakeRelay(ctx);
}

/** While Redis is down every refusal is told: too many entries are better than none. */
async function wasToldAlready({ env, tenant }: Ctx): Promise<boolean> {
  try {
    const isFirst = await openRedis(env).set(`told:rate-limited:${tenant.id}`, 1, { nx: true, ex: FLOOD_WINDOW_S });
    return isFirst === null;
  } catch {
    return false;
  }
}
