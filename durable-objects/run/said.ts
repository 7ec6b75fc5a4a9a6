import { z } from 'zod';

import { lastChanges, type StateChange } from '#contracts/capsule-state';
import { type EgressReport, mergeEgress } from '#contracts/egress';
import { Frame } from '#contracts/frames';
import type { JsonValue } from '#contracts/json';

const FrameRow = z.object({ body: z.string() });
/** As many frames as are read at once: few where they are long, for a run may say more than an isolate holds. */
const PAGE_ROWS = 256;
const PAGE_CHARACTERS = 2 ** 20;

type Kind = Frame['kind'];
type FrameOf<K extends Kind> = Extract<Frame, { kind: K }>;

/** What a run said, read from the frames that are kept. What a receipt is about is what its own attempt said, and nothing before it. */
export class Said {
  private readonly sql: SqlStorage;
  private readonly seqOffset: number;

  constructor(sql: SqlStorage, seqOffset: number) {
    this.sql = sql;
    this.seqOffset = seqOffset;
  }

  /** The run's output: the last result line of this attempt, which may well be `null`; `undefined` where there is none. */
  output(): JsonValue | undefined {
    return this.last('result', this.seqOffset)?.data;
  }

  /** Where the run connected: what the last report of each attempt says. */
  egress(): EgressReport {
    const reports = [this.last('egress', 0, this.seqOffset), this.last('egress', this.seqOffset)];
    return mergeEgress(reports.flatMap((frame) => (frame ? [frame.report] : [])));
  }

  /** The last change of each key: what it changed before may be far more. */
  stateChanges(): StateChange[] {
    return lastChanges(this.changes());
  }

  /** The rows of one data set, in order; read page by page, so that a reader may take its time. */
  *rows(dataset: string): Generator<JsonValue> {
    for (const frame of this.each('row')) if (frame.dataset === dataset) yield frame.data;
  }

  private *changes(): Generator<StateChange> {
    for (const { change } of this.each('state')) yield change;
  }

  private *each<K extends Kind>(kind: K): Generator<FrameOf<K>> {
    for (let after = this.seqOffset; ;) {
      const page = this.page(kind, after);
      for (const frame of page) if (isOf(kind, frame)) yield frame;
      const last = page.at(-1);
      if (!last) return;
      after = last.seq;
    }
  }

  private page(kind: Kind, after: number): Frame[] {
    const frames: Frame[] = [];
    let characters = 0;
    for (const row of this.sql.exec(`${selectOf(kind)} AND seq > ? ORDER BY seq LIMIT ?`, after, PAGE_ROWS)) {
      const { body } = FrameRow.parse(row);
      frames.push(frameIn(body));
      characters += body.length;
      if (characters >= PAGE_CHARACTERS) break;
    }
    return frames;
  }

  private last<K extends Kind>(kind: K, after: number, upTo = Number.MAX_SAFE_INTEGER): FrameOf<K> | undefined {
    const query = `${selectOf(kind)} AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT 1`;
    const row = this.sql.exec(query, after, upTo).toArray()[0];
    const frame = row && frameIn(FrameRow.parse(row).body);
    return frame && isOf(kind, frame) ? frame : undefined;
  }
}

/** The kind stands in the text: with a parameter in its place, the index over a few kinds would not be used. */
function selectOf(kind: Kind): string {
  return `SELECT body FROM frames WHERE kind = '${kind}'`;
}

function frameIn(body: string): Frame {
  return Frame.parse(JSON.parse(body));
}

function isOf<K extends Kind>(kind: K, frame: Frame): frame is FrameOf<K> {
  return frame.kind === kind;
}
