import { z } from 'zod';

import { idOf, type TenantId } from '#contracts/ids';

import { openPlatform, type Platform } from './context.ts';
import type { CellEnv } from './env.ts';
import { sweepAccounts } from './services/accounts/sweep.ts';
import { relayAudit } from './services/audit/relay.ts';
import { sweepAudit } from './services/audit/sweep.ts';
import { sweepBundles } from './services/capsules/sweep.ts';
import { forgetDelivered, relayOutbox } from './services/outbox/relay.ts';
import { sweepRuns } from './services/runs/sweep.ts';
import { sweepSchedules } from './services/schedules/sweep.ts';
import { sweepStorage } from './services/storage/sweep.ts';
import { forgetDeliveries, relayWebhooks } from './services/webhooks/relay.ts';

const WakeUp = z.object({ tenantId: idOf('ten') });

/** Wakes relays. A message says only that a tenant committed something; what it was stands in the database. */
export async function onQueue(batch: MessageBatch, env: CellEnv, execution: ExecutionContext): Promise<void> {
  const platform = openPlatform({ env, afterwards: (work) => execution.waitUntil(work) });
  const waiting = new Map<TenantId, Message[]>();
  for (const message of batch.messages) {
    const wakeUp = WakeUp.safeParse(message.body);
    if (!wakeUp.success) {
      // Whatever it was, trying again makes no sense of it.
      message.ack();
      report(platform, 'a wake-up that names no tenant', wakeUp.error);
      continue;
    }
    waiting.set(wakeUp.data.tenantId, [...(waiting.get(wakeUp.data.tenantId) ?? []), message]);
  }
  for (const [tenantId, messages] of waiting) {
    try {
      await relayAudit(platform, tenantId);
      for (const message of messages) message.ack();
    } catch (error) {
      for (const message of messages) message.retry({ delaySeconds: 5 });
      report(platform, `the audit entries of ${tenantId} wait`, error);
    }
  }
  await Promise.all([
    attempt(platform, 'outbox', () => relayOutbox(platform)),
    attempt(platform, 'webhooks', () => relayWebhooks(platform, [...waiting.keys()])),
  ]);
}

/** Finds whatever no wake-up brought: every minute, in every cell. */
export async function onSchedule(env: CellEnv, execution: ExecutionContext): Promise<void> {
  const platform = openPlatform({ env, afterwards: (work) => execution.waitUntil(work) });
  await Promise.all([
    attempt(platform, 'audit', () => sweepAudit(platform)),
    attempt(platform, 'outbox', () => relayOutbox(platform)),
    attempt(platform, 'runs', () => sweepRuns(platform)),
    attempt(platform, 'storage', () => sweepStorage(platform)),
    attempt(platform, 'bundles', async () => {
      await sweepBundles(platform);
      return {};
    }),
    attempt(platform, 'accounts', () => sweepAccounts(platform)),
    attempt(platform, 'schedules', () => sweepSchedules(platform)),
    attempt(platform, 'webhooks', () => relayWebhooks(platform)),
    attempt(platform, 'what was delivered', async () => {
      await forgetDelivered(platform);
      await forgetDeliveries(platform);
      return {};
    }),
  ]);
}

interface Outcome {
  readonly failed?: number;
  readonly failures?: readonly { readonly error: unknown }[];
}

/** One duty's failure does not keep the others from theirs; the next sweep tries it again. */
async function attempt(platform: Platform, duty: string, work: () => Promise<Outcome>): Promise<void> {
  try {
    const { failed = 0, failures = [] } = await work();
    for (const { error } of failures) report(platform, duty, error);
    if (failed > 0) report(platform, duty, new Error(`${failed} deliveries failed and will be tried again`));
  } catch (error) {
    report(platform, duty, error);
  }
}

function report({ requestId, cell }: Platform, duty: string, error: unknown): void {
  const [message] = String(error instanceof Error ? error.message : error).split('\nparams:');
  console.error(JSON.stringify({ level: 'error', requestId, cell, duty, message }));
}
