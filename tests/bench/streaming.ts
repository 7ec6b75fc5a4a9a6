import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { startRun } from '#cli/start-run';
import type { Installation } from '#contracts/api/installations';
import { EventParser } from '#contracts/event-stream';
import { Frame } from '#contracts/frames';
import { publishSection } from '#support/publish-section';
import { ResidentMemory } from '#support/resident-memory';
import { openEvents } from '#support/run-watcher';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

import { type BenchPlatform, withPlatform } from './bench-platform.ts';
import { percentile } from './measure.ts';
import { machine, PAGE } from './report.ts';

/** `npm run bench:streaming`: how soon a line is at its watchers, and what 100 MB of output cost in time and memory. */

const LINES = 1_500;
const WATCHERS = [1, 200];
const ROUNDS = 3;
const MIB = 2 ** 20;
/** 100 MB, and a little. */
const FLOOD_MIB = 96;
const RECORDED_WITHIN_MS = 120_000;
const SLOW_PAUSE_MS = 200;

const CLOCK = `
export default async ({ lines }) => {
  for (let line = 0; line < lines; line += 1) {
    console.log((performance.timeOrigin + performance.now()).toFixed(3));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return null;
};
`;
const FLOOD = `import sys
def main(megabytes, soma):
    block = ("x" * 127 + chr(10)) * 8192
    for n in range(megabytes):
        sys.stdout.write(block)
    sys.stdout.flush()
`;

type Kind = 'fast' | 'slow' | 'stalled';
const FLOODS: readonly (readonly [name: string, kind: Kind, rounds: number])[] = [
  ['fast, the first ever', 'fast', 1],
  ['fast', 'fast', ROUNDS],
  ['slow', 'slow', ROUNDS],
  ['stalled', 'stalled', ROUNDS],
];

class StreamingBench {
  readonly #tenant: RunningTenant;
  readonly #memory: { readonly runner: ResidentMemory; readonly workerd: ResidentMemory };
  readonly #clock: Installation;
  readonly #flood: Installation;

  private constructor(tenant: RunningTenant, pids: BenchPlatform['pids'], installed: readonly Installation[]) {
    const [clock, flood] = installed;
    if (!clock || !flood) throw new Error('both capsules are needed');
    this.#tenant = tenant;
    this.#clock = clock;
    this.#flood = flood;
    this.#memory = { runner: new ResidentMemory(pids.runner), workerd: new ResidentMemory(pids.worker) };
  }

  static async open({ publicUrl, pids }: BenchPlatform): Promise<StreamingBench> {
    const tenant = await RunningTenant.create(publicUrl, 'eu-west-1');
    const clock = await tenant.installs('clock', CLOCK, { resources: { timeoutMs: 120_000 } });
    const flood = await tenant.installs('flood', FLOOD, {
      runtime: 'python3.11',
      entrypoint: 'main.py',
      resources: { timeoutMs: 120_000, outputBytes: 100 * MIB },
    });
    return new StreamingBench(tenant, pids, [clock, flood]);
  }

  /** From each line of one run to each of its watchers, in milliseconds. */
  async lineLatencies(watchers: number, lines: number): Promise<number[]> {
    const runId = await this.#begin(this.#clock, { lines });
    const watch = async () => listen(await openEvents(this.#tenant.connection, runId));
    const heard = await Promise.all(Array.from({ length: watchers }, watch));
    const allThereAtMs = Math.max(...heard.map(([first]) => first?.atMs ?? Number.POSITIVE_INFINITY));
    const seen = heard.flatMap((pieces) => timesIn(pieces));
    if (seen.length !== watchers * lines) throw new Error(`${seen.length} lines came`);
    // Nobody waited for a line that was printed before he came.
    return seen
      .filter(({ printedAtMs }) => printedAtMs > allThereAtMs)
      .map(({ atMs, printedAtMs }) => atMs - printedAtMs);
  }

  /** Passes 100 MB to one watcher of this kind. */
  async flood(kind: Kind) {
    const before = { runner: this.#memory.runner.restart(), workerd: this.#memory.workerd.restart() };
    const runId = await this.#begin(this.#flood, FLOOD_MIB);
    const startedAt = performance.now();
    const response = await openEvents(this.#tenant.connection, runId);
    const reading = READERS[kind](response);
    // Given up below, where it is still at it.
    reading.catch(() => undefined);
    const isEnded = async () => (await this.#tenant.findRun(runId)).endedAt;
    const [readBytes] = await Promise.all([
      kind === 'fast' ? reading : 0,
      until('the run is recorded', isEnded, (endedAt) => endedAt !== null, RECORDED_WITHIN_MS),
    ]);
    const seconds = (performance.now() - startedAt) / 1_000;
    if (kind === 'fast' && readBytes < FLOOD_MIB * MIB) throw new Error(`${readBytes} bytes came`);
    response.destroy();
    return {
      seconds,
      runnerBytes: this.#memory.runner.peakBytes - before.runner,
      workerdBytes: this.#memory.workerd.peakBytes - before.workerd,
      before,
    };
  }

  async #begin(installation: Installation, input: unknown): Promise<string> {
    return (await startRun(this.#tenant.connection, { installation: installation.id, input }, randomUUID())).id;
  }
}

interface Piece {
  readonly atMs: number;
  readonly bytes: Buffer;
}

/** What comes, and when. It is understood later: two hundred watchers share this one process. */
async function listen(response: IncomingMessage): Promise<Piece[]> {
  const pieces: Piece[] = [];
  response.on('data', (bytes: Buffer) => pieces.push({ atMs: performance.timeOrigin + performance.now(), bytes }));
  await once(response, 'end');
  return pieces;
}

/** The times that the capsule printed, and when each was here. */
function timesIn(pieces: readonly Piece[]): { readonly atMs: number; readonly printedAtMs: number }[] {
  const parser = new EventParser();
  return pieces.flatMap(({ atMs, bytes }) =>
    parser.push(bytes.toString('latin1')).flatMap((event) => {
      if (event.name !== 'stdout') return [];
      const frame = Frame.parse(JSON.parse(event.data));
      if (frame.kind !== 'stdout') return [];
      return frame.text
        .trimEnd()
        .split('\n')
        .map((time) => ({ atMs, printedAtMs: Number(time) }));
    }),
  );
}

const READERS: Readonly<Record<Kind, (response: IncomingMessage) => Promise<number>>> = {
  fast: (response) => readAll(response, () => undefined),
  slow: (response) => readAll(response, () => delay(SLOW_PAUSE_MS)),
  stalled: async (response) => {
    await once(response, 'close');
    return 0;
  },
};

async function readAll(response: IncomingMessage, pace: () => Promise<void> | undefined): Promise<number> {
  let bytes = 0;
  for await (const piece of response) {
    if (!Buffer.isBuffer(piece)) throw new TypeError('expected bytes');
    bytes += piece.length;
    await pace();
  }
  return bytes;
}

async function latencyTable(bench: StreamingBench): Promise<string[]> {
  await bench.lineLatencies(1, 100);
  const rows: string[] = [];
  for (const watchers of WATCHERS) {
    const latencies = await bench.lineLatencies(watchers, LINES);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share).toFixed(1));
    rows.push(`| ${watchers} | ${latencies.length} | ${p50} | ${p95} | ${p99} |`);
    console.log(rows.at(-1));
  }
  return ['| watchers | lines seen | p50 ms | p95 ms | p99 ms |', '|---|---|---|---|---|', ...rows];
}

async function floodTable(bench: StreamingBench): Promise<string[]> {
  const rows: string[] = [];
  // A process keeps most of what it grows by in its first flood: that one stands by itself.
  for (const [name, kind, count] of FLOODS) {
    const rounds: Awaited<ReturnType<typeof bench.flood>>[] = [];
    for (let round = 0; round < count; round += 1) rounds.push(await bench.flood(kind));
    const most = (of: (round: (typeof rounds)[number]) => number) => Math.max(...rounds.map(of));
    const seconds = percentile(
      rounds.map((round) => round.seconds),
      0.5,
    );
    const cells = [
      name,
      seconds.toFixed(1),
      ((FLOOD_MIB * MIB) / 1e6 / seconds).toFixed(1),
      inMegabytes(most(({ before }) => before.runner)),
      inMegabytes(most(({ runnerBytes }) => runnerBytes)),
      inMegabytes(most(({ before }) => before.workerd)),
      inMegabytes(most(({ workerdBytes }) => workerdBytes)),
    ];
    rows.push(`| ${cells.join(' | ')} |`);
    console.log(rows.at(-1));
  }
  return [
    '| watcher | run recorded after s | MB/s | runner before MB | grew by at most MB | cell workerd before MB | grew by at most MB |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ];
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

const load = loadavg()[0]?.toFixed(1);
await withPlatform(async (platform) => {
  const bench = await StreamingBench.open(platform);
  const floods = await floodTable(bench);
  const body = [
    ...(await latencyTable(bench)),
    '',
    ...floods,
    '',
    `Memory is resident memory, the most of ${ROUNDS} rounds; times are the median. Load average before: ${load}. ${machine()}.`,
  ].join('\n');
  publishSection(PAGE, 'streaming', body);
});
