import { setTimeout as delay } from 'node:timers/promises';

import { publishSection } from '#support/publish-section';

import { type Contender, measure, percentile, type Timing } from './measure.ts';
import { machine, PAGE } from './report.ts';

const ROWS = 10;
const LEAST_RUNS_PER_ROW = 100;
/** What was let go needs a moment to be gone. */
const SETTLE_MS = 2_000;

/** What is run over and over, and what is looked at between two rows of the table. */
export interface Soaked {
  readonly clients: number;
  readonly once: () => Promise<Timing>;
  /** The bare runtime: what it takes longer in a later row, the machine has slowed down. */
  readonly floor: Contender;
  /** By the heading of its column. */
  readonly look: () => Promise<Readonly<Record<string, number>>>;
}

/** A tenth of the runs: what they took, and what was held after them, by heading. */
export type Row = Readonly<Record<string, number>>;

const FIRST_BYTE_P50 = 'first byte p50 ms';
const TIMES_FLOOR = 'first byte ÷ floor';
const FLOOR_ROUNDS = 20;

/** Runs `total` runs, and says after each tenth of them what is held: what grows from row to row, leaks. */
export async function soak({ clients, once, floor, look }: Soaked, total: number): Promise<readonly Row[]> {
  const step = Math.max(LEAST_RUNS_PER_ROW, Math.ceil(total / ROWS));
  const rows: Row[] = [];
  // The first runs find nothing warm, and are in no row.
  await many(once, clients, LEAST_RUNS_PER_ROW);
  for (let done = 0; done < total; done += step) {
    const startedAt = performance.now();
    const timings = await many(once, clients, step);
    const runsPerSecond = (timings.length * 1_000) / (performance.now() - startedAt);
    await delay(SETTLE_MS);
    const firstBytes = timings.map(({ firstByteMs }) => firstByteMs);
    const floorMs = await medianMs(floor);
    const figures = {
      'runs so far': done + step,
      'runs/s': runsPerSecond,
      [FIRST_BYTE_P50]: percentile(firstBytes, 0.5),
      p95: percentile(firstBytes, 0.95),
      [`${floor.name} ms`]: floorMs,
      [TIMES_FLOOR]: percentile(firstBytes, 0.5) / floorMs,
      ...(await look()),
    };
    rows.push(figures);
    console.log(lineOf(Object.values(figures).map(rounded)));
  }
  return rows;
}

/** @throws where the last row holds more than the first by more than the slack of its heading, or is slower by more than the factor, by itself and beside the floor */
export function assertFlat(rows: readonly Row[], slack: Row, slowdown: number): void {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) throw new Error('nothing was soaked');
  const grown = Object.entries(slack).filter(([heading, most]) => (last[heading] ?? 0) - (first[heading] ?? 0) > most);
  // By itself alone it may be the machine that became slower, and beside the floor alone the floor that became faster.
  const isSlower = [FIRST_BYTE_P50, TIMES_FLOOR].every(
    (heading) => (last[heading] ?? 0) > (first[heading] ?? 0) * slowdown,
  );
  if (grown.length === 0 && !isSlower) return;
  const what = [...grown.map(([heading]) => `${heading} grew`), ...(isSlower ? ['runs became slower'] : [])].join(', ');
  throw new Error(`${what}, from ${JSON.stringify(first)} to ${JSON.stringify(last)}`);
}

export function publishSoak(section: string, rows: readonly Row[], after: string): void {
  const headings = Object.keys(rows[0] ?? {});
  const lines = [headings, headings.map(() => '---'), ...rows.map((row) => Object.values(row).map(rounded))];
  publishSection(PAGE, section, [...lines.map(lineOf), '', `${after} ${machine()}.`].join('\n'));
}

async function medianMs(floor: Contender): Promise<number> {
  const [sample] = await measure([floor], { rounds: FLOOR_ROUNDS, pauseMs: 0 });
  return percentile(sample?.firstByteMs ?? [], 0.5);
}

async function many(once: Soaked['once'], clients: number, count: number): Promise<Timing[]> {
  const timings: Timing[] = [];
  let left = count;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      timings.push(await once());
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return timings;
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function rounded(figure: number): string {
  return Number.isInteger(figure) ? String(figure) : figure.toFixed(1);
}
