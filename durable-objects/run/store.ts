import { z } from 'zod';

import type { Frame } from '#contracts/frames';

import { isFresh, migrate } from '../migrate.ts';
import { Events } from './events.ts';
import type { Conclusion } from './judgement.ts';
import {
  type Fact,
  type Facts,
  type FormerAttempt,
  learn,
  type Loss,
  mayBeginAgain,
  NOTHING_KNOWN,
} from './lifecycle.ts';
import { RUN_MIGRATIONS, RUN_TABLES } from './migrations.ts';
import { decodeRequest, encodeRequest, type RunRequest, withoutInput, withoutSecrets } from './request.ts';
import { changed, FactsRow, factsOf, rowOf } from './row.ts';
import { Said } from './said.ts';

const RunRow = FactsRow.extend({ request: z.string().nullable(), begun_at_ms: z.int().nullable() });
const LastSeq = z.object({ last: z.int().nullable() });

/** What is known of the run, in memory and in SQLite at once: what is learned is written down, column by column, before it is known. */
export class RunStore {
  private readonly storage: DurableObjectStorage;
  private hasTables: boolean;
  private known: Facts = NOTHING_KNOWN;
  private begun: { request: RunRequest; begunAtMs: number } | undefined;
  private last = 0;
  readonly events: Events;

  /**
   * A fresh object gets its tables with its first write and not before: what it sends until then goes out at once, and whoever only
   * looks leaves nothing behind.
   */
  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
    this.events = new Events(storage.sql);
    this.hasTables = !isFresh(storage);
    if (!this.hasTables) return;
    migrate(storage, RUN_MIGRATIONS);
    const row = RunRow.parse(storage.sql.exec('SELECT * FROM run').one());
    if (row.request !== null && row.begun_at_ms !== null) {
      this.begun = { request: decodeRequest(row.request), begunAtMs: row.begun_at_ms };
    }
    const isIdempotent = this.begun?.request.isIdempotent ?? false;
    this.known = { ...factsOf(row), isBegun: this.begun !== undefined, isIdempotent, isReserved: false };
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
    this.transact(() => {
      this.makeTables();
      this.storage.sql.exec('UPDATE run SET request = ?, begun_at_ms = ?', encodeRequest(request), begunAtMs);
      this.begun = { request, begunAtMs };
      this.learn({ kind: 'begun', isIdempotent: request.isIdempotent, placement });
    });
  }

  requestCancel(): void {
    this.learn({ kind: 'cancel-requested' });
  }

  giveUp(loss: Loss): void {
    this.learn({ kind: 'given-up', loss });
  }

  reserved(): void {
    this.learn({ kind: 'reserved' });
  }

  placed(placement: Facts['placement']): void {
    this.learn({ kind: 'placed', placement });
  }

  accepted(nowMs: number): void {
    this.transact(() => {
      if (!mayBeginAgain(this.known)) this.dropSecrets();
      this.learn({ kind: 'accepted', atMs: nowMs });
    });
  }

  /** The attempt is over and another one begins: what was said so far stays, what comes is numbered on. */
  retried(former: FormerAttempt, frame: Frame): void {
    this.transact(() => {
      this.append([frame]);
      this.learn({ kind: 'retried', former, seqOffset: frame.seq });
    });
  }

  concluded(conclusion: Conclusion, end: Frame): void {
    this.transact(() => {
      this.append([end]);
      this.dropSecrets();
      this.learn({ kind: 'concluded', conclusion });
    });
  }

  settled(): void {
    this.learn({ kind: 'settled' });
  }

  recorded(): void {
    this.learn({ kind: 'recorded' });
  }

  collected(): void {
    this.learn({ kind: 'collected' });
  }

  forgotten(): void {
    this.learn({ kind: 'forgotten' });
  }

  heldStill(): void {
    this.learn({ kind: 'held-still' });
  }

  /** Deletes every frame but the end, and what the run was given. */
  expired(): void {
    this.transact(() => {
      this.storage.sql.exec("DELETE FROM frames WHERE kind <> 'end'");
      this.keep(withoutInput(this.request));
      this.learn({ kind: 'expired' });
    });
    this.events.forget();
  }

  failed(): void {
    this.learn({ kind: 'failed' });
  }

  /** One transaction a chunk of frames. */
  append(frames: readonly Frame[]): void {
    const { sql } = this.storage;
    this.transact(() => {
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

  /** What is undone in SQLite is undone in memory, too. */
  private transact(write: () => void): void {
    const { hasTables, known, begun, last } = this;
    try {
      this.storage.transactionSync(write);
    } catch (error) {
      this.hasTables = hasTables;
      this.known = known;
      this.begun = begun;
      this.last = last;
      throw error;
    }
  }

  private makeTables(): void {
    if (!this.hasTables) migrate(this.storage, RUN_MIGRATIONS, RUN_TABLES);
    this.hasTables = true;
  }

  private dropSecrets(): void {
    if (Object.keys(this.request.secrets).length > 0) this.keep(withoutSecrets(this.request));
  }

  private keep(request: RunRequest): void {
    this.storage.sql.exec('UPDATE run SET request = ?', encodeRequest(request));
    this.begun = { request, begunAtMs: this.begunAtMs };
  }

  private learn(fact: Fact): void {
    const known = learn(this.known, fact);
    const changes = changed(rowOf(this.known), rowOf(known));
    if (changes.length > 0) this.write(changes);
    this.known = known;
  }

  private write(changes: ReturnType<typeof changed>): void {
    this.transact(() => {
      this.makeTables();
      const assignments = changes.map(([column]) => `${column} = ?`).join(', ');
      this.storage.sql.exec(`UPDATE run SET ${assignments}`, ...changes.map(([, value]) => value));
    });
  }
}
