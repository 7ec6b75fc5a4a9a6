import { execFileSync } from 'node:child_process';
import os from 'node:os';

import { percentile, type Sample } from './measure.ts';

export const PAGE = 'docs/benchmarks.md';

/** How many times as long the median first byte of one takes as that of the other. */
export function ratio(samples: readonly Sample[], of: string, to: string): string {
  return (medianOf(samples, of) / medianOf(samples, to)).toFixed(2);
}

/** Of first bytes. */
export function medianOf(samples: readonly Sample[], name: string): number {
  const found = samples.find((sample) => sample.name === name);
  if (!found) throw new Error(`no sample is called ${name}`);
  return percentile(found.firstByteMs, 0.5);
}

/** A Markdown table of samples, each compared with the one named `baseline`. */
export function table(samples: readonly Sample[], baseline: string): string {
  const rows = samples.map(({ name, firstByteMs, endMs }) => {
    const times = [percentile(firstByteMs, 0.5), percentile(firstByteMs, 0.95), percentile(endMs, 0.5)];
    return `| ${[name, ...times.map((ms) => ms.toFixed(1)), ratio(samples, name, baseline)].join(' | ')} |`;
  });
  return [
    `| what | first byte p50 ms | p95 ms | end p50 ms | first byte ÷ ${baseline} |`,
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** What was aimed at, what came of it, and whether that is enough. */
export function goalTable(goals: readonly (readonly [goal: string, measured: string, isMet: boolean])[]): string {
  const rows = goals.map(([goal, measured, isMet]) => `| ${goal} | ${measured} | ${isMet ? 'yes' : '**no**'} |`);
  return ['| goal | measured | met |', '|---|---|---|', ...rows].join('\n');
}

export function dockerVersion(): string {
  return execFileSync('dockerd', ['--version'], { encoding: 'utf8' }).trim();
}

/** One line that says on what the numbers were measured. */
export function machine(): string {
  const cpu = os.cpus()[0]?.model ?? 'unknown processor';
  return `${os.cpus().length} × ${cpu}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}, Node ${process.version}`;
}
