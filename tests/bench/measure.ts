import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds of one thing measured several times. */
export interface Sample {
  readonly name: string;
  readonly firstByteMs: readonly number[];
  readonly endMs: readonly number[];
}

export interface Timing {
  readonly firstByteMs: number;
  readonly endMs: number;
}

/** What one leaves behind (a container to remove, a pool to refill) must not be charged to the next. */
const PAUSE_MS = 250;

/** Something to time: called once a round, in turn with the others, so that a slow minute of the machine hits all alike. */
export interface Contender {
  readonly name: string;
  readonly once: () => Promise<Timing>;
}

export interface Rounds {
  readonly rounds: number;
  /** Not counted. */
  readonly warmUps?: number;
  readonly pauseMs?: number;
}

export async function measure(
  contenders: readonly Contender[],
  { rounds, warmUps = 3, pauseMs = PAUSE_MS }: Rounds,
): Promise<Sample[]> {
  const samples = contenders.map(({ name }) => ({ name, firstByteMs: [] as number[], endMs: [] as number[] }));
  for (let round = -warmUps; round < rounds; round += 1)
    for (const [index, contender] of contenders.entries()) {
      await delay(pauseMs);
      const timing = await contender.once();
      if (round < 0) continue;
      samples[index]?.firstByteMs.push(timing.firstByteMs);
      samples[index]?.endMs.push(timing.endMs);
    }
  return samples;
}

/** Samples of one thing that was measured beside several others. */
export function merge(samples: readonly Sample[]): Sample {
  return {
    name: samples[0]?.name ?? 'nothing',
    firstByteMs: samples.flatMap(({ firstByteMs }) => firstByteMs),
    endMs: samples.flatMap(({ endMs }) => endMs),
  };
}

/** Nearest-rank percentile, `share` in 0..1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new RangeError('a percentile of nothing');
  return value;
}

/** Times a command from its start to its first byte on stdout and to its end. Throws unless it exits 0 having printed. */
export function timeCommand(program: string, args: readonly string[]): Promise<Timing> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let firstByteMs: number | undefined;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
    child.stdout.once('data', () => (firstByteMs = performance.now() - startedAt));
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 && firstByteMs !== undefined) resolve({ firstByteMs, endMs: performance.now() - startedAt });
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}, printed: ${firstByteMs !== undefined}`));
    });
  });
}
