import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Frame } from '#contracts/frames';
import { freePlatformPorts } from '#local/ports';
import { allPids, environmentOf } from '#local/processes/proc';
import { loadSecrets } from '#local/secrets';
import { childGroups } from '#runner/executor/control-group';
import { containersOf } from '#support/containers';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

/** `npm run dev` as a person has it: the command itself, what it prints, and what Ctrl-C leaves. */
const UP_WITHIN_MS = 90_000;
const ENDLESS = 'export default () => new Promise(() => setInterval(() => console.log("on and on"), 50));';

let directory: string;
let port: number;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'soma-dev-'));
  // All others lie at fixed distances from this one.
  port = (await freePlatformPorts()).router;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Dev {
  readonly child: ChildProcess;
  readonly printed: () => string;
}

function dev(dataDirectory: string, ...flags: readonly string[]): Dev {
  const child = spawn(process.execPath, ['infra/local/dev.ts', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SOMA_DATA_DIR: dataDirectory, SOMA_PORT: String(port) },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => (text += chunk));
  }
  return { child, printed: () => text };
}

async function devUp(...flags: readonly string[]): Promise<Dev> {
  const started = dev(directory, ...flags);
  const look = () => Promise.resolve(started.printed());
  await until('the platform', look, (text) => text.includes('Ctrl-C stops everything.'), UP_WITHIN_MS);
  return started;
}

async function interrupted({ child }: Dev): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = await exited;
  return code;
}

async function leftovers(runnerIds: readonly string[]) {
  const engine = new Dockerode();
  const containers = runnerIds.map((id) => containersOf(engine, id));
  return {
    processes: allPids().filter((pid) => environmentOf(pid).get('SOMA_LOCAL_DATA_DIRECTORY') === directory),
    containers: (await Promise.all(containers)).flat(),
    groups: runnerIds.flatMap((id) => childGroups(`/soma/${id}`)),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(directory)),
  };
}

test('it says where to look, who may sign in and what to try; Ctrl-C leaves nothing behind, also of a run under way', async () => {
  const running = await devUp();
  const url = `http://localhost:${port}`;
  expect(running.printed()).toContain(`${url}/reference`);
  expect(running.printed()).toMatch(/publisher@soma\.example +\S+/);
  expect(running.printed()).toMatch(/tenant@soma\.example +\S+/);
  expect(running.printed()).toMatch(/Try:\n {2}SOMA_URL=.*\n {2}npm run demo\n {2}curl /);

  const tenant = await RunningTenant.create(url, 'eu-west-1', { isVerified: false });
  const endless = await tenant.installs('endless', ENDLESS, { resources: { timeoutMs: 60_000 } });
  const seen: Frame['kind'][] = [];
  const watching = (async () => {
    for await (const frame of tenant.run(endless, null)) seen.push(frame.kind);
  })().catch(() => 'cut off');
  await until('the first line', () => Promise.resolve(seen.includes('stdout')));

  const runnerIds = Object.values((await loadSecrets(join(directory, 'secrets.json'))).cells).flatMap(
    (cell) => cell.runnerIds,
  );
  expect(await interrupted(running)).toBe(0);
  await watching;
  expect(await leftovers(runnerIds)).toEqual({ processes: [], containers: [], groups: [], mounts: [] });
});

test('--fresh starts over, and keeps what other commands have put beside it', async () => {
  const before = readFileSync(join(directory, 'secrets.json'), 'utf8');
  mkdirSync(join(directory, 'tools'));
  const running = await devUp('--fresh', '--no-runners');
  expect(readFileSync(join(directory, 'secrets.json'), 'utf8')).not.toBe(before);
  expect(existsSync(join(directory, 'tools'))).toBe(true);
  expect(await interrupted(running)).toBe(0);
});

test('a folder of somebody else is refused in one sentence, and not touched', async () => {
  const { child, printed } = dev('infra', '--fresh', '--no-runners');
  const [code] = await once(child, 'exit');
  expect(code).toBe(1);
  expect(printed()).toMatch(/infra holds other things than a platform's .*SOMA_DATA_DIR/);
  expect(existsSync('infra/local/dev.ts')).toBe(true);
});
