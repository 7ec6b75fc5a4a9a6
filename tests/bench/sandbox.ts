import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { Frame } from '#contracts/frames';
import { newId } from '#contracts/ids';
import type { StartRun } from '#contracts/runner';
import { publishSection } from '#support/publish-section';
import { type RunOptions, RunnerWorld } from '#support/runner-process';

import { dockerRun } from './docker-run.ts';
import { measure, percentile, type Sample, timeCommand, type Timing } from './measure.ts';
import { machine, PAGE, ratio } from './report.ts';

/**
 * `npm run bench:sandbox`: what a sandbox costs, by engine and class, measured at the runner's own door in one run.
 * `-- --soak N` runs N runs on the default engine and looks for what leaks.
 */

const ROUNDS = 20;
const WARM_UPS = 3;
const BURST = 50;
const SUSTAINED_MS = 15_000;
const PACED_MS = 15_000;
const PACED_SHARE = 0.8;
const CLIENTS = 8;
const FLOOR = 'python3 -c';

const CAPSULES = {
  node: { files: { 'main.js': 'export default () => { console.log("hello"); return null; };\n' }, options: {} },
  python: {
    files: { 'main.py': 'def main(input, soma):\n    print("hello", flush=True)\n' },
    options: { runtime: 'python3.11' },
  },
} as const satisfies Record<string, { files: Record<string, string>; options: RunOptions }>;
type Language = keyof typeof CAPSULES;

const ENGINES = [
  { name: 'crun', environment: { SOMA_EXECUTOR: 'crun' }, isolation: 'standard' },
  { name: 'runc', environment: { SOMA_EXECUTOR: 'runc' }, isolation: 'standard' },
  { name: 'Docker Engine', environment: { SOMA_EXECUTOR: 'docker' }, isolation: 'standard' },
  { name: 'gVisor', environment: { SOMA_EXECUTOR: 'oci' }, isolation: 'strict' },
] as const;
type Engine = (typeof ENGINES)[number];

/** A runner of one engine, asked at its door over mTLS, as its cell asks it. */
class Bench {
  readonly world: RunnerWorld;
  readonly #starts: Record<Language, StartRun>;
  #coldSizes = 0;

  private constructor(world: RunnerWorld, starts: Record<Language, StartRun>) {
    this.world = world;
    this.#starts = starts;
  }

  static async open(engine: Engine): Promise<Bench> {
    const environment = { ...engine.environment, SOMA_POOL_SIZE: '4', SOMA_CAPACITY: '64', SOMA_QUEUE_SIZE: '1000' };
    const world = await RunnerWorld.start(environment, { isolation: engine.isolation });
    const startOf = async (language: Language): Promise<StartRun> => {
      const { files, options } = CAPSULES[language];
      return world.prepare(files, { ...options, tenantId: newId('ten') });
    };
    return new Bench(world, { node: await startOf('node'), python: await startOf('python') });
  }

  /** `cold`: in a class of memory nobody has asked for before. */
  async run(language: Language, how: 'warm' | 'cold' = 'warm'): Promise<Timing> {
    const known = this.#starts[language];
    const start = { ...known, runId: newId('run') };
    if (how === 'cold') {
      const memoryBytes = known.resources.memoryBytes + 4_096 * ++this.#coldSizes;
      start.resources = { ...known.resources, memoryBytes };
    }
    const startedAt = performance.now();
    const response = await this.world.open('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
    if (response.statusCode !== 200) throw new Error(`the runner answered ${response.statusCode}`);
    let firstByteMs: number | undefined;
    let rest = '';
    let end: Frame | undefined;
    for await (const chunk of response) {
      rest += String(chunk);
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const frame = Frame.parse(JSON.parse(line));
        if (frame.kind === 'stdout') firstByteMs ??= performance.now() - startedAt;
        end = frame;
      }
    }
    const endMs = performance.now() - startedAt;
    if (end?.kind !== 'end' || end.outcome.state !== 'succeeded' || firstByteMs === undefined) {
      throw new Error(`a run did not succeed: ${JSON.stringify(end)}`);
    }
    await this.world.acknowledge(start.runId, end.seq);
    return { firstByteMs, endMs };
  }
}

interface Throughput {
  readonly runsPerSecond: number;
  /** Of the whole machine, the client included. */
  readonly cpuMsPerRun: number;
  readonly paced: readonly number[];
  readonly burstFirstByteMs: readonly number[];
  readonly burstEndMs: number;
}

async function throughputOf(bench: Bench, language: Language): Promise<Throughput> {
  // The pool first learns what is asked of it.
  await closedLoop(bench, language, 3_000);
  const busyBefore = busyMs();
  const startedAt = performance.now();
  const count = await closedLoop(bench, language, SUSTAINED_MS);
  const runsPerSecond = (count * 1_000) / (performance.now() - startedAt);
  const cpuMsPerRun = (busyMs() - busyBefore) / count;
  await delay(3_000);
  const paced = await openLoop(bench, language, PACED_SHARE * runsPerSecond);
  await delay(3_000);
  const burstAt = performance.now();
  const burst = await Promise.all(Array.from({ length: BURST }, () => bench.run(language)));
  const burstEndMs = performance.now() - burstAt;
  return { runsPerSecond, cpuMsPerRun, paced, burstFirstByteMs: burst.map((one) => one.firstByteMs), burstEndMs };
}

/** As many runs as go, a fixed number of clients each waiting for its own. */
async function closedLoop(bench: Bench, language: Language, forMs: number): Promise<number> {
  const until = performance.now() + forMs;
  const client = async () => {
    let count = 0;
    for (; performance.now() < until; count += 1) await bench.run(language);
    return count;
  };
  const counts = await Promise.all(Array.from({ length: CLIENTS }, client));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Runs at a fixed rate, whether the earlier ones have ended or not: what waits, waits in the figures. */
async function openLoop(bench: Bench, language: Language, runsPerSecond: number): Promise<number[]> {
  const count = Math.round((PACED_MS / 1_000) * runsPerSecond);
  const startedAt = performance.now();
  const runs = Array.from({ length: count }, async (_, index) => {
    const dueMs = (index * 1_000) / runsPerSecond;
    await delay(dueMs - (performance.now() - startedAt));
    const lateMs = performance.now() - startedAt - dueMs;
    return lateMs + (await bench.run(language)).firstByteMs;
  });
  return Promise.all(runs);
}

/** CPU time of the whole machine, as the kernel counts it in hundredths of a second. */
function busyMs(): number {
  const [, user = 0, nice = 0, system = 0] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '')
    .split(/\s+/)
    .map(Number);
  return (user + nice + system) * 10;
}

async function benchEngines(): Promise<void> {
  const samples: Sample[] = await measure(
    [
      { name: FLOOR, once: () => timeCommand('/usr/bin/python3', ['-c', 'print("hello")']) },
      { name: 'node -e', once: () => timeCommand(process.execPath, ['-e', 'console.log("hello")']) },
      { name: 'docker run, python', once: () => dockerRun('python3.11', ['python3', '-c', 'print("hello")']) },
      { name: 'docker run, node', once: () => dockerRun('node24', ['node', '-e', 'console.log("hello")']) },
    ],
    ROUNDS,
    WARM_UPS,
  );
  const rates: string[] = [];
  for (const engine of ENGINES) {
    const bench = await Bench.open(engine);
    try {
      const contenders = (['python', 'node'] as const).flatMap((language) => [
        { name: `${engine.name}, ${language}, warm`, once: () => bench.run(language) },
        { name: `${engine.name}, ${language}, cold`, once: () => bench.run(language, 'cold') },
      ]);
      samples.push(...(await measure(contenders, ROUNDS, WARM_UPS)));
      for (const language of ['python', 'node'] as const) {
        rates.push(rateRow(`${engine.name}, ${language}`, await throughputOf(bench, language)));
      }
    } finally {
      await bench.world.close();
    }
  }
  const body = [latencyTable(samples), '', rateTable(rates), '', conclusion(samples)].join('\n');
  publishSection(PAGE, 'sandbox', body);
  console.log(body);
}

function latencyTable(samples: readonly Sample[]): string {
  const rows = samples.map(({ name, firstByteMs, endMs }) => {
    const times = [firstByteMs, endMs].flatMap((values) => [0.5, 0.95, 0.99].map((share) => percentile(values, share)));
    return `| ${[name, ...times.map((ms) => ms.toFixed(1)), ratio(samples, name, FLOOR)].join(' | ')} |`;
  });
  const head = `| what | first byte p50 ms | p95 | p99 | end p50 ms | p95 | p99 | first byte ÷ ${FLOOR} |`;
  return [head, '|---|---|---|---|---|---|---|---|', ...rows].join('\n');
}

function rateRow(
  name: string,
  { runsPerSecond, cpuMsPerRun, paced, burstFirstByteMs, burstEndMs }: Throughput,
): string {
  const figures = [
    runsPerSecond,
    cpuMsPerRun,
    percentile(paced, 0.5),
    percentile(paced, 0.95),
    percentile(burstFirstByteMs, 0.5),
    percentile(burstFirstByteMs, 0.95),
    burstEndMs,
  ];
  return `| ${[name, ...figures.map((figure) => figure.toFixed(1))].join(' | ')} |`;
}

function rateTable(rows: readonly string[]): string {
  const head = `| engine | sustained runs/s | CPU-ms a run, client included | first byte p50 ms at ${PACED_SHARE * 100} % of that | p95 | burst of ${BURST}: first byte p50 ms | p95 | all ended ms |`;
  return [head, '|---|---|---|---|---|---|---|---|', ...rows].join('\n');
}

function conclusion(samples: readonly Sample[]): string {
  const strict = ratio(samples, 'gVisor, python, warm', 'crun, python, warm');
  const versions = ['crun', 'runc', 'runsc', 'dockerd'].map((program) => versionOf(program)).join(', ');
  return (
    `A warm \`strict\` sandbox takes ${strict} times as long to its first byte as a \`standard\` one. ${ROUNDS} rounds after ${WARM_UPS} warm-ups; ` +
    `${CLIENTS} clients for ${SUSTAINED_MS / 1_000} s. ${machine()}; ${versions}.`
  );
}

function versionOf(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? program;
}

/** Many runs on one runner: what grows, leaks. */
async function soak(total: number): Promise<void> {
  const bench = await Bench.open(ENGINES[0]);
  const step = Math.max(100, Math.floor(total / 10));
  const rows: string[] = [];
  try {
    await closedLoop(bench, 'python', 3_000);
    for (let done = 0; done < total; done += step) {
      const startedAt = performance.now();
      const timings: Timing[] = [];
      const client = async () => {
        for (let left = step / CLIENTS; left > 0; left -= 1) timings.push(await bench.run('python'));
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      const perSecond = (timings.length * 1_000) / (performance.now() - startedAt);
      // What was let go needs a moment to be gone.
      await delay(2_000);
      const { residentMib, descriptors } = processOf(bench.world.pid);
      const firstBytes = timings.map(({ firstByteMs }) => firstByteMs);
      const figures = [perSecond, percentile(firstBytes, 0.5), percentile(firstBytes, 0.95), residentMib];
      const counts = [descriptors, mountCount(), groupCount()];
      rows.push(`| ${[done + step, ...figures.map((figure) => figure.toFixed(1)), ...counts].join(' | ')} |`);
      console.log(rows.at(-1));
    }
  } finally {
    await bench.world.close();
  }
  const head =
    '| runs so far | runs/s | first byte p50 ms | p95 | runner MiB | descriptors | mounts | control groups |';
  const after = `After the runner has drained: ${mountCount()} mounts, ${groupCount()} control groups of sandboxes. ${machine()}.`;
  publishSection(PAGE, 'soak', [head, '|---|---|---|---|---|---|---|---|', ...rows, '', after].join('\n'));
}

function processOf(pid: number): { residentMib: number; descriptors: number } {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { residentMib: (pages * 4_096) / 2 ** 20, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function mountCount(): number {
  return readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').length;
}

function groupCount(): number {
  const root = ['/sys/fs/cgroup/memory/soma', '/sys/fs/cgroup/soma'].find((path) => existsSync(path));
  if (root === undefined) return 0;
  return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory()).length;
}

const soakAt = process.argv.indexOf('--soak');
if (os.platform() !== 'linux') throw new Error('sandboxes are made on Linux only');
await (soakAt === -1 ? benchEngines() : soak(Number(process.argv[soakAt + 1] ?? 10_000)));
