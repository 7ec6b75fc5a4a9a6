import { setTimeout as delay } from 'node:timers/promises';

import { publishSection } from '#support/publish-section';

import { percentile, type Timing } from './measure.ts';
import { machine, PAGE } from './report.ts';

const ROWS = 10;
const LEAST_RUNS_PER_ROW = 100;
/** What was let go needs a moment to be gone. */
const SETTLE_MS = 2_000;

/** What is run over and over, and what is looked at between two rows of the table. */
export interface Soaked {
  readonly clients: number;
  readonly once: () => Promise<Timing>;
  /** By the heading of its column. */
  readonly look: () => Promise<Readonly<Record<string, number>>>;
}

/** Runs `total` runs, and says after each tenth of them what is held: what grows from row to row, leaks. */
export async function soak({ clients, once, look }: Soaked, total: number): Promise<string[]> {
  const step = Math.max(LEAST_RUNS_PER_ROW, Math.ceil(total / ROWS));
  const lines: string[] = [];
  // The first runs find nothing warm, and are in no row.
  await many(once, clients, LEAST_RUNS_PER_ROW);
  for (let done = 0; done < total; done += step) {
    const startedAt = performance.now();
    const timings = await many(once, clients, step);
    const runsPerSecond = (timings.length * 1_000) / (performance.now() - startedAt);
    await delay(SETTLE_MS);
    const firstBytes = timings.map(({ firstByteMs }) => firstByteMs);
    const figures = {
      'runs so far': done + step,
      'runs/s': runsPerSecond,
      'first byte p50 ms': percentile(firstBytes, 0.5),
      p95: percentile(firstBytes, 0.95),
      ...(await look()),
    };
    if (lines.length === 0) lines.push(lineOf(Object.keys(figures)), lineOf(Object.keys(figures).map(() => '---')));
    lines.push(lineOf(Object.values(figures).map(rounded)));
    console.log(lines.length === 3 ? lines.join('\n') : lines.at(-1));
  }
  return lines;
}

export function publishSoak(section: string, lines: readonly string[], after: string): void {
  publishSection(PAGE, section, [...lines, '', `${after} ${machine()}.`].join('\n'));
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
