import { z } from 'zod';

import { Artifact } from '#contracts/artifact';
import { DatasetPart } from '#contracts/dataset';
import type { Frame } from '#contracts/frames';
import { Outcome, Usage } from '#contracts/run';

import { isFresh, migrate } from '../migrate.ts';
import {
  type Conclusion,
  type Fact,
  type Facts,
  type FormerAttempt,
  learn,
  type Loss,
  NOTHING_KNOWN,
} from './facts.ts';
import { MOST_ATTEMPTS } from './lifecycle.ts';
import { RUN_MIGRATIONS } from './migrations.ts';
import { decodeRequest, encodeRequest, type RunRequest, withoutInput, withoutSecrets } from './request.ts';
import { Said } from './said.ts';
import { encodeEvents, type EventChunk } from './watch.ts';

const StoredJudgement = z.object({
  outcome: Outcome,
  usage: Usage,
  amountNanos: z.string(),
  isBillable: z.boolean(),
  receipt: z.string().nullable(),
  hasOutput: z.boolean(),
  startedAtMs: z.int().nullable(),
  endedAtMs: z.int(),
  left: z
    .object({ artifacts: z.array(Artifact), datasets: z.array(DatasetPart), hasStateChanges: z.boolean() })
    .optional(),
});
const StoredConclusion = StoredJudgement.extend({ endSeq: z.int(), runnerEndSeq: z.int().nullable() });
const StoredFormer = z.object({
  heldBy: z.object({ runnerId: z.string(), endpoint: z.string() }).nullable(),
  runnerEndSeq: z.int().nullable(),
  judgement: StoredJudgement,
});

const Flag = z.int().transform((flag) => flag === 1);
const RunRow = z.object({
  request: z.string().nullable(),
  begun_at_ms: z.int().nullable(),
  is_cancel_requested: Flag,
  lost_detail: z.string().nullable(),
  is_held: Flag,
  attempt: z.int(),
  seq_offset: z.int(),
  former: z.string().nullable(),
  runner_id: z.string().nullable(),
  endpoint: z.string().nullable(),
  accepted_at_ms: z.int().nullable(),
  conclusion: z.string().nullable(),
  is_settled: Flag,
  is_recorded: Flag,
  is_collected: Flag,
  is_forgotten: Flag,
  is_expired: Flag,
  failures: z.int(),
});
const EventRow = z.object({ seq: z.int(), kind: z.string(), body: z.string() });
const LastSeq = z.object({ last: z.int().nullable() });

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
    if (row.request !== null && row.begun_at_ms !== null) {
      this.begun = { request: decodeRequest(row.request), begunAtMs: row.begun_at_ms };
    }
    this.known = { ...factsOf(row), isIdempotent: this.begun?.request.isIdempotent ?? false };
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
    const fact: Fact = { kind: 'begun', isIdempotent: request.isIdempotent, placement };
    const values = [encodeRequest(request), begunAtMs, ...columnsOf(placement)];
    this.set(fact, 'request = ?, begun_at_ms = ?, runner_id = ?, endpoint = ?', ...values);
  }

  requestCancel(): void {
    this.set({ kind: 'cancel-requested' }, 'is_cancel_requested = 1');
  }

  giveUp(loss: Loss): void {
    this.set({ kind: 'given-up', loss }, 'lost_detail = ?, is_held = ?', loss.detail, Number(loss.isHeld));
  }

  /** Not written: the meter knows, and says so again when it is asked again. */
  reserved(): void {
    this.known = learn(this.known, { kind: 'reserved' });
  }

  placed(placement: Facts['placement']): void {
    this.set({ kind: 'placed', placement }, 'runner_id = ?, endpoint = ?', ...columnsOf(placement));
  }

  accepted(nowMs: number): void {
    if (!this.mayStartAgain) this.forgetSecrets();
    const values = [nowMs, encodeRequest(this.request)];
    this.set({ kind: 'accepted', atMs: nowMs }, 'accepted_at_ms = ?, request = ?', ...values);
  }

  /** The attempt is over and another one begins: what was said so far stays, what comes is numbered on. */
  retried(former: FormerAttempt, frame: Frame): void {
    const fact: Fact = { kind: 'retried', former, seqOffset: frame.seq };
    this.storage.transactionSync(() => {
      this.append([frame]);
      this.set(
        fact,
        `attempt = attempt + 1, seq_offset = ?, former = ?, lost_detail = NULL, runner_id = NULL, endpoint = NULL,
         accepted_at_ms = NULL`,
        frame.seq,
        JSON.stringify(former),
      );
    });
  }

  concluded(conclusion: Conclusion, end: Frame): void {
    this.forgetSecrets();
    const values = [JSON.stringify(conclusion), encodeRequest(this.request)];
    this.storage.transactionSync(() => {
      this.append([end]);
      this.set({ kind: 'concluded', conclusion }, 'conclusion = ?, request = ?', ...values);
    });
  }

  settled(): void {
    this.set({ kind: 'settled' }, 'is_settled = 1, failures = 0');
  }

  recorded(): void {
    this.set({ kind: 'recorded' }, 'is_recorded = 1, failures = 0');
  }

  collected(): void {
    this.set({ kind: 'collected' }, 'is_collected = 1, failures = 0');
  }

  forgotten(): void {
    this.set({ kind: 'forgotten' }, 'is_forgotten = 1, failures = 0');
  }

  /** Deletes every frame but the end, and what the run was given. */
  expired(): void {
    this.begun = { request: withoutInput(this.request), begunAtMs: this.begunAtMs };
    this.storage.transactionSync(() => {
      this.storage.sql.exec("DELETE FROM frames WHERE kind <> 'end'");
      this.set({ kind: 'expired' }, 'is_expired = 1, request = ?', encodeRequest(this.request));
    });
    this.latestRead = undefined;
  }

  failed(): void {
    this.set({ kind: 'failed' }, 'failures = failures + 1');
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

  /** What it said, as a receipt is about it. */
  get said(): Said {
    this.makeTables();
    return new Said(this.storage.sql, this.known.seqOffset);
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

  private get mayStartAgain(): boolean {
    return this.known.isIdempotent && this.known.attempt < MOST_ATTEMPTS;
  }

  private forgetSecrets(): void {
    this.begun = { request: withoutSecrets(this.request), begunAtMs: this.begunAtMs };
  }

  private set(fact: Fact, assignments: string, ...values: (string | number | null)[]): void {
    const known = learn(this.known, fact);
    if (known === this.known) return;
    this.storage.transactionSync(() => {
      this.makeTables();
      this.storage.sql.exec(`UPDATE run SET ${assignments}`, ...values);
    });
    this.known = known;
  }
}

function columnsOf(placement: Facts['placement']): (string | null)[] {
  return [placement?.runnerId ?? null, placement?.endpoint ?? null];
}

function factsOf(row: z.infer<typeof RunRow>): Omit<Facts, 'isIdempotent'> {
  return {
    isBegun: row.request !== null,
    isCancelRequested: row.is_cancel_requested,
    loss: row.lost_detail === null ? null : { detail: row.lost_detail, isHeld: row.is_held },
    isReserved: false,
    attempt: row.attempt,
    seqOffset: row.seq_offset,
    former: row.former === null ? null : StoredFormer.parse(JSON.parse(row.former)),
    placement:
      row.runner_id === null || row.endpoint === null ? null : { runnerId: row.runner_id, endpoint: row.endpoint },
    acceptedAtMs: row.accepted_at_ms,
    conclusion: row.conclusion === null ? null : StoredConclusion.parse(JSON.parse(row.conclusion)),
    isSettled: row.is_settled,
    isRecorded: row.is_recorded,
    isCollected: row.is_collected,
    isForgotten: row.is_forgotten,
    isExpired: row.is_expired,
    failures: row.failures,
  };
}
