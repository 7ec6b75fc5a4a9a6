import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';

import { NanosText, ZERO_NANOS } from '#contracts/money';
import {
  Budget,
  type ReserveDecision,
  type Settlement,
  type UsageMeterObject,
  type UsageSummary,
} from '#contracts/objects';
import { Usage } from '#contracts/run';

import { backoffMs } from '../backoff.ts';
import { nameOf, type UsageMeterEnv } from '../env.ts';
import { migrate } from '../migrate.ts';
import { parseCall } from '../parse.ts';
import { flushBatch } from './flush.ts';
import { addUsage, available, bookingPeriod, close, periodOf, reserve } from './ledger.ts';
import { USAGE_METER_MIGRATIONS } from './migrations.ts';
import { MeterStore } from './store.ts';

const Amount = NanosText.refine((amount) => amount >= 0n, 'expected an amount of at least 0');
const ReserveRequest = z.object({ runId: z.string(), amountNanos: Amount, budget: Budget, atMs: z.int() });
const SettlementRequest = z.object({
  runId: z.string(),
  capsule: z.string(),
  usage: Usage,
  amountNanos: Amount,
  endedAtMs: z.int(),
});

/** Rows gather for a moment, so that a busy tenant's go together. */
const FLUSH_DELAY_MS = 1_000;
const FLUSH_BACKOFF = { firstMs: 2_000, capMs: 300_000 };
const BATCH_ROWS = 2_000;
const BATCHES_PER_ALARM = 10;

/**
 * A run takes 15 minutes at most. A reservation this old belongs to a run object that cannot reach this meter, and that will: it tries
 * until it has settled or released. So the meter never releases by itself, which could let a tenant spend past its cap; it says how many
 * there are. What they hold back ends with the month, whose counters the next one does not share.
 */
const STALE_AFTER_MS = 2 * 3_600_000;

/** One tenant's balance: hard cap by reservation, exact settlement, and the ledger on its way to ClickHouse. */
export class UsageMeter extends DurableObject<UsageMeterEnv> implements UsageMeterObject {
  private readonly store: MeterStore;

  constructor(ctx: DurableObjectState, env: UsageMeterEnv) {
    super(ctx, env);
    migrate(ctx.storage, USAGE_METER_MIGRATIONS);
    this.store = new MeterStore(ctx.storage.sql);
  }

  async reserve(request: {
    runId: string;
    amountNanos: string;
    budget: Budget;
    atMs: number;
  }): Promise<ReserveDecision> {
    const { runId, amountNanos, atMs } = parseCall(ReserveRequest, request);
    return this.ctx.storage.transactionSync((): ReserveDecision => {
      const limitNanos = this.store.applyBudget(request.budget);
      const { period } = request.budget;
      const stored = this.store.period(period);
      const decision = reserve(stored.balance, limitNanos, this.store.standing(runId), amountNanos);
      const left = (balance = stored.balance) => available(balance, limitNanos).toString();
      if (decision.kind === 'refused') {
        return { kind: 'refused', neededNanos: amountNanos.toString(), availableNanos: left() };
      }
      if (decision.kind === 'repeated') {
        return { kind: 'granted', reservedNanos: decision.reservedNanos.toString(), availableNanos: left() };
      }
      this.store.openReservation(runId, { period, amountNanos }, atMs);
      this.store.savePeriod(period, { ...stored, balance: decision.balance });
      return { kind: 'granted', reservedNanos: amountNanos.toString(), availableNanos: left(decision.balance) };
    });
  }

  async settle(settlement: Settlement): Promise<void> {
    const { runId, capsule, usage, amountNanos, endedAtMs } = parseCall(SettlementRequest, settlement);
    const tenantId = nameOf(this.ctx);
    this.ctx.storage.transactionSync(() => {
      const standing = this.store.standing(runId);
      const period = bookingPeriod(standing, endedAtMs);
      const stored = this.store.period(period);
      const balance = close(stored.balance, standing, amountNanos);
      if (!balance) return;
      const row = { tenantId, runId, period, capsule, usage, amountNanos: amountNanos.toString(), endedAtMs };
      this.store.closeRun(runId, standing, this.store.appendLedger(row));
      this.store.savePeriod(period, { balance, runs: stored.runs + 1, totals: addUsage(stored.totals, usage) });
    });
    await this.armFlush();
  }

  async release({ runId }: { runId: string }): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      const standing = this.store.standing(runId);
      const period = bookingPeriod(standing, Date.now());
      const stored = this.store.period(period);
      const balance = close(stored.balance, standing, ZERO_NANOS);
      if (!balance) return;
      this.store.closeRun(runId, standing, null);
      if (standing.kind === 'reserved') this.store.savePeriod(period, { ...stored, balance });
    });
  }

  async setBudget(budget: Budget): Promise<void> {
    this.store.applyBudget(parseCall(Budget, budget));
  }

  async summary(): Promise<UsageSummary> {
    const nowMs = Date.now();
    const period = periodOf(nowMs);
    const limitNanos = this.store.limit();
    const { balance, runs, totals } = this.store.period(period);
    const { ledgerSeq, flushedSeq } = this.store.flush();
    return {
      period,
      limitNanos: limitNanos.toString(),
      settledNanos: balance.settledNanos.toString(),
      reservedNanos: balance.reservedNanos.toString(),
      availableNanos: available(balance, limitNanos).toString(),
      runs,
      totals,
      ledgerSeq,
      flushedSeq,
      staleReservations: this.store.countReservationsBefore(nowMs - STALE_AFTER_MS),
    };
  }

  override async alarm(): Promise<void> {
    // The next alarm is armed first: a throw below must not end the flushing for good.
    await this.ctx.storage.setAlarm(Date.now() + backoffMs(this.store.flush().failures, FLUSH_BACKOFF));
    for (let batch = 0; batch < BATCHES_PER_ALARM; batch += 1) {
      const outcome = await flushBatch({ ctx: this.ctx, store: this.store, env: this.env, maximumRows: BATCH_ROWS });
      if (outcome === 'failed') return;
      if (outcome === 'empty') {
        // A row that was settled while the last batch was away finds an alarm armed, and this would take it away.
        if (!this.hasUnflushed()) await this.ctx.storage.deleteAlarm();
        return;
      }
    }
    await this.ctx.storage.setAlarm(Date.now());
  }

  private async armFlush(): Promise<void> {
    if (!this.hasUnflushed() || (await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + FLUSH_DELAY_MS);
  }

  private hasUnflushed(): boolean {
    const { ledgerSeq, flushedSeq } = this.store.flush();
    return ledgerSeq > flushedSeq;
  }
}
