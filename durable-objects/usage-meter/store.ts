import { z } from 'zod';

import { type Nanos, NanosText, ZERO_NANOS } from '#contracts/money';
import type { Budget } from '#contracts/objects';
import { NO_USAGE_TOTALS, UsageTotals } from '#contracts/run';
import { LedgerRow } from '#db/clickhouse/usage-ledger';

import { type Balance, EMPTY_BALANCE, type Reservation, type Standing } from './ledger.ts';

/** A month's counters as they are stored. */
export interface Period {
  readonly balance: Balance;
  readonly runs: number;
  readonly totals: UsageTotals;
}

export interface FlushState {
  readonly ledgerSeq: number;
  readonly flushedSeq: number;
  /** The end of the batch that is being flushed: it stays the same batch until ClickHouse is known to hold it. */
  readonly batchLastSeq: number | null;
  readonly mismatches: number;
  readonly failures: number;
}

const Json = z.string().transform((text): unknown => JSON.parse(text));
const BudgetRow = z.object({ limit_nanos: NanosText, revision: z.int() });
const PeriodRow = z.object({
  settled_nanos: NanosText,
  reserved_nanos: NanosText,
  runs: z.int(),
  totals: Json.pipe(UsageTotals),
});
const ReservationRow = z.object({ period: z.string(), amount_nanos: NanosText });
const ClosedRow = z.object({ reserved_nanos: NanosText });
const StoredLedgerRow = z.object({ row: Json.pipe(LedgerRow) });
const Count = z.object({ count: z.int() });
const FlushRow = z
  .object({
    ledger_seq: z.int(),
    flushed_seq: z.int(),
    batch_last_seq: z.int().nullable(),
    mismatches: z.int(),
    failures: z.int(),
  })
  .transform((row): FlushState => ({
    ledgerSeq: row.ledger_seq,
    flushedSeq: row.flushed_seq,
    batchLastSeq: row.batch_last_seq,
    mismatches: row.mismatches,
    failures: row.failures,
  }));

/** The meter's tables, read and written as the rules speak of them. Every caller brings its own transaction. */
export class MeterStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
  }

  /** Keeps the budget with the highest revision; an older message changes nothing. Returns the limit in force. */
  applyBudget(budget: Budget): Nanos {
    const limitNanos = NanosText.parse(budget.limitNanos);
    this.sql.exec(
      `INSERT INTO budget VALUES (1, ?, ?)
       ON CONFLICT (id) DO UPDATE SET limit_nanos = excluded.limit_nanos, revision = excluded.revision
       WHERE excluded.revision > budget.revision`,
      limitNanos.toString(),
      budget.revision,
    );
    return this.limit();
  }

  /** A tenant whose budget was never told may spend nothing. */
  limit(): Nanos {
    const row = this.sql.exec('SELECT limit_nanos, revision FROM budget').toArray()[0];
    return row ? BudgetRow.parse(row).limit_nanos : ZERO_NANOS;
  }

  period(period: string): Period {
    const found = this.sql
      .exec('SELECT settled_nanos, reserved_nanos, runs, totals FROM periods WHERE period = ?', period)
      .toArray()[0];
    if (!found) return { balance: EMPTY_BALANCE, runs: 0, totals: NO_USAGE_TOTALS };
    const row = PeriodRow.parse(found);
    return {
      balance: { settledNanos: row.settled_nanos, reservedNanos: row.reserved_nanos },
      runs: row.runs,
      totals: row.totals,
    };
  }

  savePeriod(period: string, { balance, runs, totals }: Period): void {
    this.sql.exec(
      'INSERT OR REPLACE INTO periods VALUES (?, ?, ?, ?, ?)',
      period,
      balance.settledNanos.toString(),
      balance.reservedNanos.toString(),
      runs,
      JSON.stringify(totals),
    );
  }

  standing(runId: string): Standing {
    const open = this.sql.exec('SELECT period, amount_nanos FROM reservations WHERE run_id = ?', runId).toArray()[0];
    if (open) {
      const row = ReservationRow.parse(open);
      return { kind: 'reserved', period: row.period, amountNanos: row.amount_nanos };
    }
    const closed = this.sql.exec('SELECT reserved_nanos FROM closed_runs WHERE run_id = ?', runId).toArray()[0];
    return closed ? { kind: 'closed', reservedNanos: ClosedRow.parse(closed).reserved_nanos } : { kind: 'unknown' };
  }

  openReservation(runId: string, { period, amountNanos }: Reservation, atMs: number): void {
    this.sql.exec('INSERT INTO reservations VALUES (?, ?, ?, ?)', runId, period, amountNanos.toString(), atMs);
  }

  closeRun(runId: string, standing: Standing, seq: number | null): void {
    const reserved = standing.kind === 'reserved' ? standing.amountNanos : ZERO_NANOS;
    this.sql.exec('DELETE FROM reservations WHERE run_id = ?', runId);
    this.sql.exec('INSERT INTO closed_runs VALUES (?, ?, ?)', runId, reserved.toString(), seq);
  }

  countReservationsBefore(atMs: number): number {
    const row = this.sql.exec('SELECT count(*) AS count FROM reservations WHERE reserved_at_ms < ?', atMs).one();
    return Count.parse(row).count;
  }

  /** The next number of this tenant's ledger: it starts at 1 and has no gaps. */
  appendLedger(row: Omit<LedgerRow, 'seq'>): number {
    const seq = this.flush().ledgerSeq + 1;
    this.sql.exec('INSERT INTO ledger VALUES (?, ?)', seq, JSON.stringify({ ...row, seq }));
    this.sql.exec('UPDATE flush SET ledger_seq = ?', seq);
    return seq;
  }

  flush(): FlushState {
    const columns = 'ledger_seq, flushed_seq, batch_last_seq, mismatches, failures';
    return FlushRow.parse(this.sql.exec(`SELECT ${columns} FROM flush`).one());
  }

  /** The rows of the frozen batch; freezes one where there is none. */
  freezeBatch(maximumRows: number): LedgerRow[] {
    const { ledgerSeq, flushedSeq, batchLastSeq } = this.flush();
    const last = batchLastSeq ?? Math.min(ledgerSeq, flushedSeq + maximumRows);
    if (last <= flushedSeq) return [];
    this.sql.exec('UPDATE flush SET batch_last_seq = ?', last);
    const rows = this.sql.exec('SELECT row FROM ledger WHERE seq > ? AND seq <= ? ORDER BY seq', flushedSeq, last);
    return [...rows].map((row) => StoredLedgerRow.parse(row).row);
  }

  forgetBatch(lastSeq: number): void {
    this.sql.exec('DELETE FROM ledger WHERE seq <= ?', lastSeq);
    this.sql.exec('UPDATE flush SET flushed_seq = ?, batch_last_seq = NULL, mismatches = 0, failures = 0', lastSeq);
  }

  countFailure({ isMismatch }: { isMismatch: boolean }): void {
    this.sql.exec('UPDATE flush SET failures = failures + 1, mismatches = mismatches + ?', isMismatch ? 1 : 0);
  }
}
