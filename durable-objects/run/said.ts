import { z } from 'zod';

import type { StateChange } from '#contracts/capsule-state';
import { type EgressReport, mergeEgress } from '#contracts/egress';
import { Frame } from '#contracts/frames';
import type { JsonValue } from '#contracts/json';

const FrameRow = z.object({ seq: z.int(), body: z.string().transform((text) => Frame.parse(JSON.parse(text))) });
const PAGE_ROWS = 256;

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

  stateChanges(): StateChange[] {
    return [...this.each('state')].map(({ change }) => change);
  }

  /** The rows of one data set, in order; read page by page, so that a reader may take its time. */
  *rows(dataset: string): Generator<JsonValue> {
    for (const frame of this.each('row')) if (frame.dataset === dataset) yield frame.data;
  }

  private *each<K extends Kind>(kind: K): Generator<FrameOf<K>> {
    for (let after = this.seqOffset; ;) {
      const page = this.sql
        .exec(`${selectOf(kind)} AND seq > ? ORDER BY seq LIMIT ?`, after, PAGE_ROWS)
        .toArray()
        .map((row) => FrameRow.parse(row));
      for (const { body } of page) if (isOf(kind, body)) yield body;
      const last = page.at(-1);
      if (!last || page.length < PAGE_ROWS) return;
      after = last.seq;
    }
  }

  private last<K extends Kind>(kind: K, after: number, upTo = Number.MAX_SAFE_INTEGER): FrameOf<K> | undefined {
    const query = `${selectOf(kind)} AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT 1`;
    const row = this.sql.exec(query, after, upTo).toArray()[0];
    const frame = row && FrameRow.parse(row).body;
    return frame && isOf(kind, frame) ? frame : undefined;
  }
}

/** The kind stands in the text: with a parameter in its place, the index over a few kinds would not be used. */
function selectOf(kind: Kind): string {
  return `SELECT seq, body FROM frames WHERE kind = '${kind}'`;
}

function isOf<K extends Kind>(kind: K, frame: Frame): frame is FrameOf<K> {
  return frame.kind === kind;
}
