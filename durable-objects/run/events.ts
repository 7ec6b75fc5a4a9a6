import { z } from 'zod';

import type { EventChunk, Position } from './watch.ts';

/** Enough to fill a pipe. */
const FULL_BYTES = 64 * 1_024;
/** As much is shared among those who watch: the more there are, the less each has on its way. */
const SHARED_BYTES = 4 * 2 ** 20;
const MOST_ROWS = 512;
/** What stands around the body of an event takes no more. */
const FRAME_BYTES = 64;
/** Those who watch live are within a few lines of each other. */
const CHUNKS_REMEMBERED = 8;
const LONG_EVENTS_REMEMBERED = 2;

const ENCODER = new TextEncoder();
/** Without its body where that is longer than was asked for. */
const EventRow = z.object({ seq: z.int(), kind: z.string(), size: z.int(), body: z.string().nullable() });
const LongRow = z.object({ kind: z.string(), body: z.string() });

/** What one of so many watchers may have on its way. */
export function shareOf(watchers: number): number {
  return Math.floor(SHARED_BYTES / Math.max(1, watchers));
}

/**
 * The frames of a run as server-sent events (WHATWG HTML §9.2), in chunks. Watchers at the same position share one read. An event that is longer
 * than the share of a watcher comes in pieces, each a copy: what is on its way to somebody who stands still holds no more than itself.
 */
export class Events {
  private readonly sql: SqlStorage;
  private readonly chunks = new Latest<{ readonly upTo: number; readonly chunk: EventChunk }>(CHUNKS_REMEMBERED);
  private readonly longEvents = new Latest<Uint8Array>(LONG_EVENTS_REMEMBERED);

  constructor(sql: SqlStorage) {
    this.sql = sql;
  }

  /** What comes at `from` and up to the frame `upTo`. */
  read(from: Position, upTo: number, watchers: number): EventChunk | undefined {
    if (from.seq > upTo) return undefined;
    const mostBytes = shareOf(watchers);
    const key = `${from.seq}/${from.offset}/${mostBytes}`;
    const known = this.chunks.get(key);
    if (known?.upTo === upTo) return known.chunk;
    const chunk = from.offset > 0 ? this.piece(from, mostBytes) : this.whole(from, upTo, mostBytes);
    if (chunk) this.chunks.set(key, { upTo, chunk });
    return chunk;
  }

  forget(): void {
    this.chunks.clear();
    this.longEvents.clear();
  }

  private whole({ seq: first }: Position, upTo: number, mostBytes: number): EventChunk | undefined {
    let text = '';
    let bytes = 0;
    let next = first;
    const found = this.sql.exec(
      `SELECT seq, kind, octet_length(body) AS size, CASE WHEN octet_length(body) <= ? THEN body END AS body
       FROM frames WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?`,
      mostBytes - FRAME_BYTES,
      first,
      upTo,
      MOST_ROWS,
    );
    for (const row of found) {
      const { seq, kind, size, body } = EventRow.parse(row);
      if (body === null && text === '') return this.piece({ seq, offset: 0 }, mostBytes);
      if (body === null || bytes + size + FRAME_BYTES > mostBytes) break;
      text += eventOf(seq, kind, body);
      bytes += size + FRAME_BYTES;
      next = seq + 1;
      if (bytes >= FULL_BYTES) break;
    }
    return text === '' ? undefined : { bytes: ENCODER.encode(text), next: { seq: next, offset: 0 } };
  }

  private piece({ seq, offset }: Position, mostBytes: number): EventChunk {
    const event = this.longEvent(seq);
    const bytes = event.slice(offset, offset + mostBytes);
    const end = offset + bytes.length;
    return { bytes, next: end < event.length ? { seq, offset: end } : { seq: seq + 1, offset: 0 } };
  }

  private longEvent(seq: number): Uint8Array {
    const known = this.longEvents.get(String(seq));
    if (known) return known;
    const [row] = this.sql.exec('SELECT kind, body FROM frames WHERE seq = ?', seq).toArray();
    if (!row) throw new Error('the rest of this frame has expired');
    const { kind, body } = LongRow.parse(row);
    const event = ENCODER.encode(eventOf(seq, kind, body));
    this.longEvents.set(String(seq), event);
    return event;
  }
}

function eventOf(seq: number, kind: string, body: string): string {
  return `id: ${seq}\nevent: ${kind}\ndata: ${body}\n\n`;
}

/** Keeps what was set last. */
class Latest<T> extends Map<string, T> {
  private readonly most: number;

  constructor(most: number) {
    super();
    this.most = most;
  }

  override set(key: string, value: T): this {
    this.delete(key);
    super.set(key, value);
    const [oldest] = this.keys();
    if (this.size > this.most && oldest !== undefined) this.delete(oldest);
    return this;
  }
}
