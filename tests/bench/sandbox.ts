import { execFileSync } from 'node:child_process';

import { ensureTestMachine } from '#support/machine';
import { publishSection } from '#support/publish-section';

import { dockerRun } from './docker-run.ts';
import { FLOORS, HELLO } from './floors.ts';
import { type Contender, measure, merge, percentile, type Sample } from './measure.ts';
import { goalTable, machine, medianOf, PAGE } from './report.ts';
import {
  Bench,
  BURST,
  CLIENTS,
  type Engine,
  ENGINES,
  type Language,
  LANGUAGES,
  PACED_SHARE,
  SUSTAINED_MS,
  type Throughput,
  throughputOf,
} from './runner-load.ts';
import { soakRunner } from './soak-runner.ts';

/**
 * `npm run bench:sandbox`: what a sandbox costs, by engine and class, measured at the runner's own door in one run.
 * `-- --soak N` runs N runs on one engine (`--engine NAME`, `--language NAME`) and looks for what leaks.
 */

const WARM_ROUNDS = 100;
const COLD_ROUNDS = 20;
const WARM_UPS = 3;
/** A run of a new size has one more of that size booted for the next; it is there before the next is timed. */
const COLD_PAUSE_MS = 1_000;

const DOCKER_RUNS: Readonly<Record<Language, Contender>> = {
  python: {
    name: 'docker run, python',
    once: () => dockerRun('python3.11', ['python3', '-c', HELLO.python]),
  },
  node: { name: 'docker run, node', once: () => dockerRun('node24', ['node', '-e', HELLO.node]) },
};

/** A sample beside the floor of its language that was measured in turn with it. */
interface Row {
  readonly sample: Sample;
  readonly floorMs: number;
}

async function benchEngines(): Promise<void> {
  const floors: Sample[] = [];
  const rows: Row[] = [];
  const rates = new Map<string, Throughput>();
  const besideFloors = async (contenders: Readonly<Record<Language, Contender>>, rounds: number, pauseMs?: number) => {
    const all = LANGUAGES.flatMap((language) => [FLOORS[language], contenders[language]]);
    const samples = await measure(all, { rounds, warmUps: WARM_UPS, ...(pauseMs === undefined ? {} : { pauseMs }) });
    for (const language of LANGUAGES) {
      const floor = samples.filter(({ name }) => name === FLOORS[language].name);
      const found = samples.find(({ name }) => name === contenders[language].name);
      floors.push(...floor);
      if (found) rows.push({ sample: found, floorMs: medianOf(floor, FLOORS[language].name) });
    }
  };
  await besideFloors(DOCKER_RUNS, COLD_ROUNDS);
  for (const engine of ENGINES) {
    const bench = await Bench.open(engine);
    try {
      await besideFloors(contendersOf(bench, engine, 'warm'), WARM_ROUNDS);
      await besideFloors(contendersOf(bench, engine, 'cold'), COLD_ROUNDS, COLD_PAUSE_MS);
      for (const language of LANGUAGES) {
        const name = `${engine.name}, ${language}`;
        rates.set(name, await throughputOf(bench, language));
        console.log(rateRow([name, rates.get(name)]));
      }
    } finally {
      await bench.close();
    }
  }
  const ofFloors = LANGUAGES.map((language) => merge(floors.filter(({ name }) => name === FLOORS[language].name)));
  const body = [
    goals(rows, rates),
    '',
    latencyTable([...ofFloors.map((sample) => ({ sample, floorMs: medianOf([sample], sample.name) })), ...rows]),
    '',
    rateTable(rates),
    '',
    conditions(),
  ].join('\n');
  publishSection(PAGE, 'sandbox', body);
  console.log(body);
}

function contendersOf(bench: Bench, engine: Engine, how: 'warm' | 'cold'): Readonly<Record<Language, Contender>> {
  const of = (language: Language) => ({
    name: `${engine.name}, ${language}, ${how}`,
    once: () => bench.run(language, how),
  });
  return { python: of('python'), node: of('node') };
}

function goals(rows: readonly Row[], rates: ReadonlyMap<string, Throughput>): string {
  const samples = rows.map(({ sample }) => sample);
  return goalTable(
    LANGUAGES.flatMap((language) => {
      const standardMs = medianOf(samples, `crun, ${language}, warm`);
      const strict = medianOf(samples, `gVisor, ${language}, warm`) / standardMs;
      const dockerRunTimes = medianOf(samples, DOCKER_RUNS[language].name) / standardMs;
      const rate = rates.get(`crun, ${language}`);
      if (!rate) throw new Error(`no rate of crun, ${language}`);
      const pacedP95Ms = percentile(rate.paced, 0.95);
      return [
        [`${language}: first byte of a warm run, p50, at most 5 ms`, `${standardMs.toFixed(1)} ms`, standardMs <= 5],
        [`${language}: strict ÷ standard, at most 2`, strict.toFixed(2), strict <= 2],
        [`${language}: docker run ÷ a warm run, at least 10`, dockerRunTimes.toFixed(1), dockerRunTimes >= 10],
        [`${language}: at least 40 runs/s`, rate.runsPerSecond.toFixed(1), rate.runsPerSecond >= 40],
        [
          `${language}: first byte p95 at ${PACED_SHARE * 100} % of that, under 100 ms`,
          `${pacedP95Ms.toFixed(1)} ms`,
          pacedP95Ms < 100,
        ],
      ] as const;
    }),
  );
}

function latencyTable(rows: readonly Row[]): string {
  const lines = rows.map(({ sample: { name, firstByteMs, endMs }, floorMs }) => {
    const times = [firstByteMs, endMs].flatMap((values) => [0.5, 0.95, 0.99].map((share) => percentile(values, share)));
    const ratio = (percentile(firstByteMs, 0.5) / floorMs).toFixed(2);
    return `| ${[name, firstByteMs.length, ...times.map((ms) => ms.toFixed(1)), ratio].join(' | ')} |`;
  });
  const head =
    '| what | rounds | first byte p50 ms | p95 | p99 | end p50 ms | p95 | p99 | first byte ÷ floor of its language |';
  return [head, '|---|---|---|---|---|---|---|---|---|', ...lines].join('\n');
}

function rateRow([name, rate]: readonly [string, Throughput | undefined]): string {
  if (!rate) throw new Error(`no rate of ${name}`);
  const figures = [
    rate.runsPerSecond,
    rate.cpuMsPerRun,
    percentile(rate.paced, 0.5),
    percentile(rate.paced, 0.95),
    percentile(rate.burstFirstByteMs, 0.5),
    percentile(rate.burstFirstByteMs, 0.95),
    rate.burstEndMs,
  ];
  return `| ${[name, ...figures.map((figure) => figure.toFixed(1)), rate.burstRefused].join(' | ')} |`;
}

function rateTable(rates: ReadonlyMap<string, Throughput>): string {
  const head = `| engine | sustained runs/s | CPU-ms a run | first byte p50 ms at ${PACED_SHARE * 100} % of that | p95 | burst of ${BURST}: first byte p50 ms | p95 | all ended ms | refused |`;
  return [head, '|---|---|---|---|---|---|---|---|---|', ...[...rates].map(rateRow)].join('\n');
}

function conditions(): string {
  const versions = ['crun', 'runc', 'runsc', 'dockerd'].map((program) => versionOf(program)).join(', ');
  return (
    `The floors are measured in turn with what is compared with them. CPU is the whole machine's but the client's. ` +
    `${CLIENTS} clients for ${SUSTAINED_MS / 1_000} s. ${machine()}; ${versions}.`
  );
}

function versionOf(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? program;
}

function flag(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

function named<T extends string>(names: readonly T[], wanted: string | undefined, usual: T): T {
  if (wanted === undefined) return usual;
  const found = names.find((name) => name === wanted);
  if (found === undefined) throw new Error(`${wanted} is none of ${names.join(', ')}`);
  return found;
}

await ensureTestMachine(['bench']);
const total = flag('--soak');
if (total === undefined) await benchEngines();
else {
  const engineName = named(
    ENGINES.map(({ name }) => name),
    flag('--engine'),
    'crun',
  );
  await soakRunner({ total: Number(total), engineName, language: named(LANGUAGES, flag('--language'), 'python') });
}
