import { eq } from 'drizzle-orm';

import type { WebhookMessage } from '#contracts/api/webhooks';
import { runs } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { SUMMARY_COLUMNS, summaryView } from '../runs/view.ts';
import type { DueDelivery } from './claim.ts';

/** What a delivery says. A run that has ended never changes, so that every attempt says the same. */
export async function messageOf({ db, cell }: Platform, delivery: DueDelivery): Promise<WebhookMessage> {
  const timestamp = delivery.createdAt.toISOString();
  const { event, webhookId, runId } = delivery;
  if (event === 'ping') return { type: 'ping', timestamp, data: { webhookId } };
  if (!runId) throw new Error(`${delivery.id} tells of no run`);
  const [run] = await db.select(SUMMARY_COLUMNS).from(runs).where(eq(runs.id, runId));
  if (!run) throw new Error(`${delivery.id} tells of a run that is not there`);
  return { type: 'run.ended', timestamp, data: summaryView(run, cell) };
}
