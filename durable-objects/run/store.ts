import { z } from 'zod';

import { Frame } from '#contracts/frames';
import type { JsonValue } from '#contracts/json';
import { Outcome, Usage } from '#contracts/run';

import { isFresh, migrate } from '../migrate.ts';
import type { Conclusion, Facts } from './lifecycle.ts';
import { RUN_MIGRATIONS } from './migrations.ts';
import { decodeRequest, encodeRequest, type RunRequest, withoutSecrets } from './request.ts';
import { encodeEvents, type EventChunk } from './watch.ts';

const StoredConclusion = z.object({
  outcome: Outcome,
  usage: Usage,
  amountNanos: z.string(),
  isBillable: z.boolean(),
  receipt: z.string().nullable(),
  hasOutput: z.boolean(),
  startedAtMs: z.int().nullable(),
  endedAtMs: z.int(),
  endSeq: z.int(),
  runnerEndSeq: z.int().nullable(),
});

const Flag = z.int().transform((flag) => flag === 1);
const RunRow = z.object({
  request: z.string().nullable(),
  begun_at_ms: z.int().nullable(),
  is_cancel_requested: Flag,
  lost_detail: z.string().nullable(),
  runner_id: z.string().nullable(),
  endpoint: z.string().nullable(),
  accepted_at_ms: z.int().nullable(),
  conclusion: z.string().nullable(),
  is_settled: Flag,
  is_recorded: Flag,
  is_forgotten: Flag,
  failures: z.int(),
});
const EventRow = z.object({ seq: z.int(), kind: z.string(), body: z.string() });
const LastSeq = z.object({ last: z.int().nullable() });
const Body = z.object({ body: z.string() });

/** One read for a watcher: enough to fill a pipe, little enough to hold for each of many. */
const CHUNK_CHARACTERS = 64 * 1_024;
const CHUNK_ROWS = 512;

/** What is known of the run, in memory and in SQLite at once: every setter writes both. */
export class RunStore {
  private readonly storage: DurableObjectStorage;
  private hasTables: boolean;
  private known: Facts = NOTHING_KNOWN;
  private begun: { request: RunRequest; begunAtMs: number } | undefined;
  private last = 0;
  /** Watchers at the same position share one read and one encoding. */
  private latestRead: { after: number; upTo: number; chunk: EventChunk } | undefined;

  /**
   * A fresh object gets its tables with its first write and not before: what it sends until then goes out at once, and whoever only
   * looks leaves nothing behind.
   */
  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
    this.hasTables = !isFresh(storage);
    if (!this.hasTables) return;
    migrate(storage, RUN_MIGRATIONS);
    const row = RunRow.parse(storage.sql.exec('SELECT * FROM run').one());
    this.known = factsOf(row);
    if (row.request !== null && row.begun_at_ms !== null) {
      this.begun = { request: decodeRequest(row.request), begunAtMs: row.begun_at_ms };
    }
    this.last = LastSeq.parse(storage.sql.exec('SELECT max(seq) AS last FROM frames').one()).last ?? 0;
  }

  get facts(): Facts {
    return this.known;
  }

  get lastSeq(): number {
    return this.last;
  }

  get request(): RunRequest {
    if (!this.begun) throw new Error('this run was never begun');
    return this.begun.request;
  }

  get begunAtMs(): number {
    if (!this.begun) throw new Error('this run was never begun');
    return this.begun.begunAtMs;
  }

  begin(request: RunRequest, begunAtMs: number, placement: Facts['placement']): void {
    this.begun = { request, begunAtMs };
    this.storage.transactionSync(() => {
      this.set({ isBegun: true }, 'request = ?, begun_at_ms = ?', encodeRequest(request), begunAtMs);
      this.placed(placement);
    });
  }

  requestCancel(): void {
    this.set({ isCancelRequested: true }, 'is_cancel_requested = 1');
  }

  giveUp(detail: string): void {
    this.set({ lostDetail: detail }, 'lost_detail = ?', detail);
  }

  /** Not written: the meter knows, and says so again when it is asked again. */
  reserved(): void {
    this.known = { ...this.known, isReserved: true };
  }

  placed(placement: Facts['placement']): void {
    const values = [placement?.runnerId ?? null, placement?.endpoint ?? null];
    this.set({ placement }, 'runner_id = ?, endpoint = ?', ...values);
  }

  accepted(nowMs: number): void {
    const request = withoutSecrets(this.request);
    this.begun = { request, begunAtMs: this.begunAtMs };
    this.set({ acceptedAtMs: nowMs }, 'accepted_at_ms = ?, request = ?', nowMs, encodeRequest(request));
  }

  concluded(conclusion: Conclusion, end: Frame): void {
    const request = withoutSecrets(this.request);
    this.begun = { request, begunAtMs: this.begunAtMs };
    this.storage.transactionSync(() => {
      this.append([end]);
      this.set({ conclusion }, 'conclusion = ?, request = ?', JSON.stringify(conclusion), encodeRequest(request));
    });
  }

  settled(): void {
    this.set({ isSettled: true, failures: 0 }, 'is_settled = 1, failures = 0');
  }

  recorded(): void {
    this.set({ isRecorded: true, failures: 0 }, 'is_recorded = 1, failures = 0');
  }

  forgotten(): void {
    this.set({ isForgotten: true, failures: 0 }, 'is_forgotten = 1, failures = 0');
  }

  failed(): void {
    const failures = this.known.failures + 1;
    this.set({ failures }, 'failures = ?', failures);
  }

  /** One transaction a chunk of frames. */
  append(frames: readonly Frame[]): void {
    const { sql } = this.storage;
    this.storage.transactionSync(() => {
      this.makeTables();
      for (const frame of frames) {
        sql.exec('INSERT INTO frames VALUES (?, ?, ?)', frame.seq, frame.kind, JSON.stringify(frame));
      }
    });
    this.last = frames.at(-1)?.seq ?? this.last;
  }

  /** The run's output: its last result line, which may well be `null`; `undefined` where there is none. */
  output(): JsonValue | undefined {
    if (!this.hasTables) return undefined;
    const row = this.storage.sql
      .exec("SELECT body FROM frames WHERE kind = 'result' ORDER BY seq DESC LIMIT 1")
      .toArray()[0];
    if (!row) return undefined;
    const frame = Frame.parse(JSON.parse(Body.parse(row).body));
    return frame.kind === 'result' ? frame.data : undefined;
  }

  /** The events after `after` and up to `upTo`, as many as fit a chunk. */
  events(after: number, upTo: number): EventChunk | undefined {
    if (after >= upTo) return undefined;
    if (this.latestRead?.after === after && this.latestRead.upTo === upTo) return this.latestRead.chunk;
    const rows: z.infer<typeof EventRow>[] = [];
    let characters = 0;
    const found = this.storage.sql.exec(
      'SELECT seq, kind, body FROM frames WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
      after,
      upTo,
      CHUNK_ROWS,
    );
    for (const row of found) {
      const event = EventRow.parse(row);
      rows.push(event);
      characters += event.body.length;
      if (characters >= CHUNK_CHARACTERS) break;
    }
    const newest = rows.at(-1);
    if (!newest) return undefined;
    const chunk = { bytes: encodeEvents(rows), lastSeq: newest.seq, isEnd: newest.kind === 'end' };
    this.latestRead = { after, upTo, chunk };
    return chunk;
  }

  private makeTables(): void {
    if (!this.hasTables) migrate(this.storage, RUN_MIGRATIONS);
    this.hasTables = true;
  }

  private set(change: Partial<Facts>, assignments: string, ...values: (string | number | null)[]): void {
    this.storage.transactionSync(() => {
      this.makeTables();
      this.storage.sql.exec(`UPDATE run SET ${assignments}`, ...values);
    });
    this.known = { ...this.known, ...change };
  }
}

const NOTHING_KNOWN: Facts = {
  isBegun: false,
  isCancelRequested: false,
  lostDetail: null,
  isReserved: false,
  placement: null,
  acceptedAtMs: null,
  conclusion: null,
  isSettled: false,
  isRecorded: false,
  isForgotten: false,
  failures: 0,
};

function factsOf(row: z.infer<typeof RunRow>): Facts {
  return {
    isBegun: row.request !== null,
    isCancelRequested: row.is_cancel_requested,
    lostDetail: row.lost_detail,
    isReserved: false,
    placement:
      row.runner_id === null || row.endpoint === null ? null : { runnerId: row.runner_id, endpoint: row.endpoint },
    acceptedAtMs: row.accepted_at_ms,
    conclusion: row.conclusion === null ? null : StoredConclusion.parse(JSON.parse(row.conclusion)),
    isSettled: row.is_settled,
    isRecorded: row.is_recorded,
    isForgotten: row.is_forgotten,
    failures: row.failures,
  };
}
