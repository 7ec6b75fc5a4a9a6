import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { Frame } from '#contracts/frames';
import { newId } from '#contracts/ids';
import type { StartRun } from '#contracts/runner';
import { findRuntimes } from '#runner/executor/oci/runtimes';
import { PrivateEngine } from '#support/private-engine';
import { RunnerWorld } from '#support/runner-process';
import type { RunOptions } from '#support/some-run';

import type { Timing } from './measure.ts';

export const BURST = 50;
export const SUSTAINED_MS = 10_000;
export const PACED_SHARE = 0.8;
export const CLIENTS = 8;
const PACED_MS = 10_000;

const CAPSULES = {
  node: { files: { 'main.js': 'export default () => { console.log("hello"); return null; };\n' }, options: {} },
  python: {
    files: { 'main.py': 'def main(input, soma):\n    print("hello", flush=True)\n' },
    options: { runtime: 'python3.11' },
  },
} as const satisfies Record<string, { files: Record<string, string>; options: RunOptions }>;
export const LANGUAGES = ['python', 'node'] as const satisfies readonly (keyof typeof CAPSULES)[];
export type Language = (typeof LANGUAGES)[number];

export const ENGINES = [
  { name: 'crun', executor: 'crun', isolation: 'standard' },
  { name: 'runc', executor: 'runc', isolation: 'standard' },
  { name: 'Docker Engine', executor: 'docker', isolation: 'standard' },
  { name: 'gVisor', executor: 'oci', isolation: 'strict' },
  { name: 'gVisor under Docker Engine', executor: 'docker', isolation: 'strict' },
] as const;
export type Engine = (typeof ENGINES)[number];

/** The machine's engine need not know gVisor: one is started that does. */
async function strictEngine(): Promise<PrivateEngine> {
  const { strict } = findRuntimes([]);
  if (!strict) throw new Error('runsc is not installed');
  return PrivateEngine.start({ runtimes: { runsc: { path: strict.path, runtimeArgs: strict.options } } });
}

/** More waits than may wait. */
class Refused extends Error {}

/** A runner of one engine, asked at its door over mTLS, as its cell asks it. */
export class Bench {
  readonly world: RunnerWorld;
  readonly #starts: Record<Language, StartRun>;
  readonly #engine: PrivateEngine | undefined;
  #coldSizes = 0;

  private constructor(world: RunnerWorld, starts: Record<Language, StartRun>, engine: PrivateEngine | undefined) {
    this.world = world;
    this.#starts = starts;
    this.#engine = engine;
  }

  static async open({ executor, isolation }: Engine, more: Record<string, string> = {}): Promise<Bench> {
    const engine = executor === 'docker' && isolation === 'strict' ? await strictEngine() : undefined;
    const environment = {
      ...more,
      ...(engine ? { DOCKER_HOST: engine.host } : {}),
      SOMA_EXECUTOR: executor,
      SOMA_POOL_SIZE: '4',
      SOMA_CAPACITY: '64',
      SOMA_QUEUE_SIZE: '1000',
    };
    const world = await RunnerWorld.start(environment, { isolation });
    const startOf = async (language: Language): Promise<StartRun> => {
      const { files, options } = CAPSULES[language];
      return world.prepare(files, { ...options, tenantId: newId('ten') });
    };
    return new Bench(world, { node: await startOf('node'), python: await startOf('python') }, engine);
  }

  async close(): Promise<void> {
    await this.world.close();
    await this.#engine?.close();
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
    if (response.statusCode === 429) throw new Refused('the runner has no room');
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

export interface Throughput {
  readonly runsPerSecond: number;
  /** Of the whole machine, but for the client's process. */
  readonly cpuMsPerRun: number;
  readonly paced: readonly number[];
  readonly burstFirstByteMs: readonly number[];
  readonly burstEndMs: number;
  /** Turned away with 429. */
  readonly burstRefused: number;
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof Refused)) throw error;
  return undefined;
}

export async function throughputOf(bench: Bench, language: Language): Promise<Throughput> {
  // The pool first learns what is asked of it.
  await closedLoop(bench, language, 3_000);
  const busyBefore = othersBusyMs();
  const startedAt = performance.now();
  const count = await closedLoop(bench, language, SUSTAINED_MS);
  const runsPerSecond = (count * 1_000) / (performance.now() - startedAt);
  const cpuMsPerRun = (othersBusyMs() - busyBefore) / count;
  await delay(3_000);
  const paced = await openLoop(bench, language, PACED_SHARE * runsPerSecond);
  await delay(3_000);
  const burstAt = performance.now();
  const burst = await Promise.all(Array.from({ length: BURST }, () => bench.run(language).catch(unlessRefused)));
  const burstEndMs = performance.now() - burstAt;
  const burstFirstByteMs = burst.flatMap((one) => (one ? [one.firstByteMs] : []));
  const burstRefused = BURST - burstFirstByteMs.length;
  return { runsPerSecond, cpuMsPerRun, paced, burstFirstByteMs, burstEndMs, burstRefused };
}

/** As many runs as go, a fixed number of clients each waiting for its own. */
export async function closedLoop(bench: Bench, language: Language, forMs: number): Promise<number> {
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
    await delay(Math.max(0, dueMs - (performance.now() - startedAt)));
    const lateMs = performance.now() - startedAt - dueMs;
    return lateMs + (await bench.run(language)).firstByteMs;
  });
  return Promise.all(runs);
}

/** CPU time of all of the machine but this process; the kernel counts it in hundredths of a second. */
function othersBusyMs(): number {
  const [, user = 0, nice = 0, system = 0] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '')
    .split(/\s+/)
    .map(Number);
  const own = process.cpuUsage();
  return (user + nice + system) * 10 - (own.user + own.system) / 1_000;
}
