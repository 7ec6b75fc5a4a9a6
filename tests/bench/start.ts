import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePlatformPorts } from '#local/ports';
import { publishSection } from '#support/publish-section';

import packageManifest from '../../package.json' with { type: 'json' };
import { measure, percentile, timeCommand } from './measure.ts';
import { goalTable, machine, PAGE } from './report.ts';

const ROUNDS = 5;
const CLI_ROUNDS = 20;
const UP_WITHIN_MS = 120_000;
const UP = 'Ctrl-C stops everything.';

/** What `npm run dev` runs, until it says that it is up, and `soma` until it has said its help. */
export async function benchStart(): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'soma-start-'));
  const { router } = await freePlatformPorts();
  const environment = { ...process.env, SOMA_DATA_DIR: directory, SOMA_PORT: String(router) };
  const coldMs: number[] = [];
  const warmMs: number[] = [];
  const afterKillMs: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      coldMs.push(await upAndDown(environment, ['--fresh'], 'SIGINT'));
      warmMs.push(await upAndDown(environment, [], 'SIGKILL'));
      afterKillMs.push(await upAndDown(environment, [], 'SIGINT'));
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const [cli] = await measure(
    [{ name: 'soma --help', once: () => timeCommand(process.execPath, ['cli/soma.mjs', '--help']) }],
    { rounds: CLI_ROUNDS },
  );
  const cliMs = percentile(cli?.endMs ?? [], 0.5);
  const [cold, warm, afterKill] = [coldMs, warmMs, afterKillMs].map((times) => percentile(times, 0.5) / 1_000);
  const seconds = (value = Number.NaN) => `${value.toFixed(1)} s`;
  const body = [
    goalTable([
      ['`npm run dev` on an empty folder, images and web app built, under 30 s', seconds(cold), (cold ?? 99) < 30],
      ['`npm run dev` on what it kept, under 5 s', seconds(warm), (warm ?? 99) < 5],
      ['the same after a `kill -9`, under 5 s', seconds(afterKill), (afterKill ?? 99) < 5],
      ['`soma --help`, well under 100 ms', `${cliMs.toFixed(0)} ms`, cliMs < 100],
    ]),
    '',
    `Medians of ${ROUNDS} starts and ${CLI_ROUNDS} calls. ${machine()}.`,
  ].join('\n');
  publishSection(PAGE, 'start', body);
  console.log(body);
}

async function upAndDown(
  environment: NodeJS.ProcessEnv,
  flags: readonly string[],
  signal: NodeJS.Signals,
): Promise<number> {
  const startedAt = performance.now();
  const child = spawn('sh', ['-c', `exec env ${packageManifest.scripts.dev} "$@"`, 'dev', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  const exited = once(child, 'exit');
  try {
    await untilUp(child, exited);
    return performance.now() - startedAt;
  } finally {
    child.kill(signal);
    await exited;
  }
}

async function untilUp(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  const up = Promise.withResolvers<void>();
  const tooLate = setTimeout(() => up.reject(new Error('the platform did not come up')), UP_WITHIN_MS);
  void exited.then(() => up.reject(new Error('the platform ended before it was up')));
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.includes(UP)) up.resolve();
  });
  await up.promise.finally(() => clearTimeout(tooLate));
}
