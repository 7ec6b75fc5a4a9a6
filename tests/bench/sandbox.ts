import { execFileSync } from 'node:child_process';

import { publishSection } from '#support/publish-section';

import { dockerRun } from './docker-run.ts';
import { measure, percentile, type Sample, timeCommand } from './measure.ts';
import { machine, PAGE, ratio } from './report.ts';
import {
  Bench,
  BURST,
  CLIENTS,
  ENGINES,
  PACED_SHARE,
  SUSTAINED_MS,
  type Throughput,
  throughputOf,
} from './runner-load.ts';
import { soakRunner } from './soak-runner.ts';

/**
 * `npm run bench:sandbox`: what a sandbox costs, by engine and class, measured at the runner's own door in one run.
 * `-- --soak N` runs N runs on the default engine and looks for what leaks.
 */

const ROUNDS = 12;
const WARM_UPS = 2;
const FLOOR = 'python3 -c';

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
        console.log(rates.at(-1));
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
  { runsPerSecond, cpuMsPerRun, paced, burstFirstByteMs, burstEndMs, burstRefused }: Throughput,
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
  return `| ${[name, ...figures.map((figure) => figure.toFixed(1)), burstRefused].join(' | ')} |`;
}

function rateTable(rows: readonly string[]): string {
  const head = `| engine | sustained runs/s | CPU-ms a run, client included | first byte p50 ms at ${PACED_SHARE * 100} % of that | p95 | burst of ${BURST}: first byte p50 ms | p95 | all ended ms | refused |`;
  return [head, '|---|---|---|---|---|---|---|---|---|', ...rows].join('\n');
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

const soakAt = process.argv.indexOf('--soak');
await (soakAt === -1 ? benchEngines() : soakRunner(Number(process.argv[soakAt + 1] ?? 10_000)));
