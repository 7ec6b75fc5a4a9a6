import { asc } from 'drizzle-orm';

import { transaction } from '#db/postgres/client';
import { retentionBacklog } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { followFurther, type Following } from './follow.ts';

const MOST_INSTALLATIONS = 20;
const MOST_STEPS = 20;

/** Goes on with changes of retention that one transaction did not get through; the change itself is the evidence. One's failure does not keep the others. */
export async function sweepRetention(platform: Platform, noted: (error: unknown) => void): Promise<void> {
  const { installationId, kind, changedAt } = retentionBacklog;
  const behind = await platform.db
    .select({ installationId, kind })
    .from(retentionBacklog)
    .orderBy(asc(changedAt))
    .limit(MOST_INSTALLATIONS);
  for (const following of behind) await goOn(platform, following).catch(noted);
}

async function goOn({ env }: Platform, following: Following): Promise<void> {
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const isLast = await transaction(env.DATABASE_URL, env.NEON_LOCAL_PROXY, (tx) => followFurther(tx, following));
    if (isLast) return;
  }
}
